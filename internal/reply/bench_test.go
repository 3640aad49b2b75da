package reply_test

import (
	"bytes"
	"fmt"
	"strings"
	"testing"

	"github.com/actiongw/actiongw/internal/formdata"
	"github.com/actiongw/actiongw/internal/reply"
	"github.com/go-json-experiment/json/jsontext"
)

// orders is an ordinary argument list of about n bytes.
func orders(n int) []byte {
	var b strings.Builder
	b.WriteString("[[")
	for i := 0; b.Len() < n-2; i++ {
		if i > 0 {
			b.WriteString(",")
		}
		fmt.Fprintf(&b, `{"id":%d,"name":"Customer number %d","email":"c%d@example.com","active":true,"total":%d.5,"since":"$D2026-01-02T03:04:05.678Z","tags":["a","b"]}`, i, i, i, i)
	}
	b.WriteString("]]")
	return []byte(b.String())
}

func options() reply.Options { return reply.Options{Limits: reply.DefaultLimits()} }

// lines is an array of pairs, about n bytes: the part of a Map.
func lines(n int) []byte {
	b := bytes.NewBufferString("[")
	for i := 0; b.Len() < n-1; i++ {
		if i > 0 {
			b.WriteString(",")
		}
		fmt.Fprintf(b, `["line-%d",{"sku":"SKU-%05d","name":"Garden chair no. %d, folding","quantity":%d,"price":"%d.95","gift":false,"tags":["garden","wood","sale"]}]`, i, i, i, i%9+1, i)
	}
	b.WriteString("]")
	return b.Bytes()
}

// readers are the two ways of reading, the lean one as the gate does it.
func readers() map[string]reply.Options {
	full, lean := options(), options()
	lean.Lean, lean.Workspace = true, reply.NewWorkspace()
	return map[string]reply.Options{"full": full, "lean": lean}
}

func BenchmarkParseText(b *testing.B) {
	for _, n := range []int{200, 2 << 10, 91 << 10} {
		text := orders(n)
		for how, o := range readers() {
			b.Run(fmt.Sprint(n, "/", how), func(b *testing.B) {
				b.SetBytes(int64(len(text)))
				b.ReportAllocs()
				for b.Loop() {
					if _, err := reply.ParseText(text, o); err != nil {
						b.Fatal(err)
					}
				}
			})
		}
	}
}

// BenchmarkScan is what the tokenizer alone needs for the texts of the others.
func BenchmarkScan(b *testing.B) {
	for _, text := range [][]byte{orders(2 << 10), orders(91 << 10), lines(2 << 10), lines(91 << 10)} {
		b.Run(fmt.Sprint(len(text)), func(b *testing.B) {
			b.SetBytes(int64(len(text)))
			b.ReportAllocs()
			for b.Loop() {
				d := jsontext.NewDecoder(bytes.NewBuffer(text), jsontext.AllowInvalidUTF8(true), jsontext.AllowDuplicateNames(true))
				for {
					if _, err := d.ReadToken(); err != nil {
						break
					}
				}
			}
		})
	}
}

func BenchmarkParseForm(b *testing.B) {
	tests := []struct {
		name string
		sent []formdata.Entry
	}{
		{"hydrated form", form("_1_name", "Ada", "_1_email", "ada@example.com", "_1_note", strings.Repeat("text ", 200), "0", `[{"count":1},"$K1"]`)},
		{"closure call", form("1", `"`+strings.Repeat("QUJD", 300)+`"`, "0", `["$@1",9]`)},
		{"a Map of 2 KB", form("1", string(lines(2<<10)), "0", `["$Q1"]`)},
		{"a Map of 91 KB", form("1", string(lines(91<<10)), "0", `["$Q1"]`)},
		{"a thousand parts", thousand()},
	}
	for _, tt := range tests {
		for how, o := range readers() {
			b.Run(tt.name+"/"+how, func(b *testing.B) {
				b.ReportAllocs()
				for b.Loop() {
					if _, err := reply.ParseForm(tt.sent, o); err != nil {
						b.Fatal(err)
					}
				}
			})
		}
	}
}

func thousand() []formdata.Entry {
	var sent []formdata.Entry
	root := "[["
	for i := range 999 {
		sent = append(sent, form(fmt.Sprint(i+1), `[["a",1]]`)...)
		root += fmt.Sprintf(`"$Q%x",`, i+1)
	}
	return append(sent, form("0", root+"0]]")...)
}

func BenchmarkEncode(b *testing.B) {
	r, err := reply.ParseText(orders(2<<10), options())
	if err != nil {
		b.Fatal(err)
	}
	b.ReportAllocs()
	for b.Loop() {
		if _, err := reply.Encode(r); err != nil {
			b.Fatal(err)
		}
	}
}
