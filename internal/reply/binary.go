package reply

import (
	"math"
	"unicode/utf8"

	"github.com/actiongw/actiongw/internal/formdata"
	"github.com/actiongw/actiongw/internal/reject"
	"github.com/actiongw/actiongw/internal/value"
)

// number754 is a double by its bits.
func number754(bits uint64) value.Number { return value.Number(math.Float64frombits(bits)) }

// fileTag reads `$B<id>`: a Blob or File, which is the part itself.
func (p *parser) fileTag(s string) (value.Value, *reject.Error) {
	e, err := p.openFile(s[2:])
	if err != nil {
		return nil, err
	}
	return p.named(file(e)), nil
}

// named gives a file a name that has none: that of a Blob. The form parser of
// Next.js takes it for a text otherwise, except with the type that an empty file
// input has.
func (p *parser) named(f *value.File) *value.File {
	if f.Name == "" && f.Type != "" && f.Type != "application/octet-stream" {
		f.Name, p.reencode = "blob", true
	}
	return f
}

// viewTag reads an ArrayBuffer, a typed array or a DataView, whose bytes are a
// file part; they are a whole number of elements (I12).
func (p *parser) viewTag(s string) (value.Value, *reject.Error) {
	e, err := p.openFile(s[2:])
	if err != nil {
		return nil, err
	}
	name, size := value.ViewOf(s[1])
	if len(e.Value)%size != 0 {
		return nil, malformed("the bytes of a typed array are no whole number of elements")
	}
	return &value.Bytes{Kind: name, Data: e.Value}, nil
}

// symbolOrViewTag reads `$S`, the one tag whose meaning changed: Symbol.for of
// the text behind it in Next 14, an Int16Array since.
func (p *parser) symbolOrViewTag(s string) (value.Value, *reject.Error) {
	if p.old14() {
		return value.Symbol(s[2:]), nil
	}
	return p.viewTag(s)
}

// viewLetter is the tag of a class of bytes, 0 for none.
func viewLetter(kind string) byte {
	for _, c := range []byte("AOoUSsLlGgMmV") {
		if name, _ := value.ViewOf(c); name == kind {
			return c
		}
	}
	return 0
}

// openFile opens an id whose part is a file, used here and nowhere else (I5).
func (p *parser) openFile(hex string) (*formdata.Entry, *reject.Error) {
	slot, err := p.open(hex, kindBinary, contains)
	if err != nil {
		return nil, err
	}
	if slot.class != bare || slot.count != 1 {
		return nil, badReference("a file that is not there")
	}
	e := &p.entries[slot.first]
	if !e.File {
		return nil, badReference("a file whose part is a text")
	}
	return e, p.standsBefore(slot)
}

// file is the File that an entry becomes. A Blob has arrived as a file named
// "blob", so there are none here (spec reply-format §5).
func file(e *formdata.Entry) *value.File {
	return &value.File{Name: e.FileName, Type: e.ContentType, Data: e.Value}
}

// formEntry is one entry of a FormData: a text in UTF-8 (I2), or a file.
func formEntry(name string, e *formdata.Entry) (value.FormEntry, *reject.Error) {
	if e.File {
		return value.FormEntry{Name: name, Value: file(e)}, nil
	}
	if !utf8.Valid(e.Value) {
		return value.FormEntry{}, malformed("a form field is not UTF-8")
	}
	return value.FormEntry{Name: name, Value: value.String(e.Value)}, nil
}
