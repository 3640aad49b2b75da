package jsoncall_test

import (
	"bytes"
	"fmt"
	"testing"

	"github.com/actiongw/actiongw/internal/jsoncall"
	"github.com/actiongw/actiongw/internal/value"
)

// BenchmarkEncode writes calls of 2 KB: a form, a list of records, a form with a
// file.
func BenchmarkEncode(b *testing.B) {
	form := &value.FormData{}
	records := &value.Array{}
	for i := range 25 {
		form.Entries = append(form.Entries, value.FormEntry{
			Name: fmt.Sprintf("field%d", i), Value: value.String("some text of the kind that people type into a field, with an ä"),
		})
		records.Items = append(records.Items, object("id", value.Number(i), "name", value.String("Ada Lovelace"), "paid", value.Bool(true), "due", &value.Date{ISO: "2026-01-02T03:04:05.678Z"}))
	}
	withFile := &value.FormData{Entries: append(form.Entries[:20:20], value.FormEntry{
		Name: "photo", Value: &value.File{Name: "a.png", Type: "image/png", Data: bytes.Repeat([]byte{0}, 500)},
	})}
	for _, bb := range []struct {
		name string
		arg  value.Value
	}{{"form", form}, {"records", records}, {"form_with_file", withFile}} {
		b.Run(bb.name, func(b *testing.B) {
			c := jsoncall.Call{Action: "createInvoice", ID: "60ab", URL: "/invoices?page=2", Closure: array(value.String("v41")), Args: []value.Value{bb.arg}}
			b.ReportAllocs()
			size := 0
			for b.Loop() {
				m, err := jsoncall.Encode(c, jsoncall.Limits{Bytes: 1 << 20}, names())
				if err != nil {
					b.Fatal(err)
				}
				size = len(m.Body)
			}
			b.SetBytes(int64(size))
		})
	}
}

// BenchmarkParseResult reads a result of 2 KB.
func BenchmarkParseResult(b *testing.B) {
	var list bytes.Buffer
	for i := range 25 {
		fmt.Fprintf(&list, `,{"id":%d,"name":"Ada Lovelace","paid":true,"due":"2026-01-02T03:04:05.678Z"}`, i)
	}
	plain := "[" + list.String()[1:] + "]"
	for name, body := range map[string]string{
		"plain": plain,
		"rich":  `{"value":` + plain + `,"types":{"/value/3/due":"Date","/value/24/due":"Date"}}`,
	} {
		b.Run(name, func(b *testing.B) {
			b.ReportAllocs()
			b.SetBytes(int64(len(body)))
			for b.Loop() {
				if _, err := jsoncall.ParseResult([]byte(body), name == "rich"); err != nil {
					b.Fatal(err)
				}
			}
		})
	}
}
