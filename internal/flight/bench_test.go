package flight_test

import (
	"fmt"
	"strings"
	"testing"

	"github.com/actiongw/actiongw/internal/flight"
)

// closure1K is a payload of about 1 KB as apps capture it: an order with lines.
func closure1K() []byte {
	var b strings.Builder
	b.WriteString(`0:["usr_8f3a1c",{"order":"2026-0042","at":"$D2026-10-14T16:49:15.123Z","total":129.95,"lines":[`)
	for i := range 9 {
		if i > 0 {
			b.WriteByte(',')
		}
		fmt.Fprintf(&b, `{"sku":"SKU-%04d","title":"A product with a name of some length","qty":%d,"price":%d.5,"gift":false}`, i, i+1, i*10)
	}
	b.WriteString("]}]\n")
	return []byte(b.String())
}

func BenchmarkParse(bench *testing.B) {
	for _, bb := range []struct {
		name   string
		stream []byte
	}{
		{"short", []byte("0:[\"usr_1\",500]\n")},
		{"object_1KB", closure1K()},
		{"text_1KB", []byte("0:[\"" + strings.Repeat("abcdefgh", 125) + "\"]\n")},
		{"sealed_in_sealed", []byte("1:{\"id\":\"60026051e04ef9bb91a022d9dad9ef61fb1baac43d\",\"bound\":\"$@2\"}\n0:[\"$h1\"]\n2:[\"$@3\"]\n3:\"" + strings.Repeat("Twe+", 40) + "\"\n")},
	} {
		bench.Run(bb.name, func(b *testing.B) {
			b.SetBytes(int64(len(bb.stream)))
			b.ReportAllocs()
			var w flight.Workspace
			for b.Loop() {
				if _, err := w.Parse(bb.stream, flight.Limits{}); err != nil {
					b.Fatal(err)
				}
			}
		})
	}
}

func BenchmarkAppend(b *testing.B) {
	v, err := flight.Parse(closure1K(), flight.Limits{})
	if err != nil {
		b.Fatal(err)
	}
	b.ReportAllocs()
	var buf []byte
	for b.Loop() {
		var err error
		if buf, err = flight.Append(buf[:0], 0, v); err != nil {
			b.Fatal(err)
		}
	}
	b.SetBytes(int64(len(buf)))
}
