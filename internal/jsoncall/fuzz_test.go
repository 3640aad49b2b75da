package jsoncall_test

import (
	"bytes"
	"encoding/binary"
	"encoding/json"
	"math"
	"strconv"
	"strings"
	"testing"
	"unicode/utf8"

	"github.com/go-json-experiment/json/jsontext"

	"github.com/actiongw/actiongw/internal/jsoncall"
	"github.com/actiongw/actiongw/internal/value"
)

// maker makes values of the fuzzer's bytes: one for the kind, some for the
// content.
type maker struct {
	data []byte
	// made are objects that may stand in a second place; a container is among
	// them before its content, so it may contain itself.
	made []value.Value
}

func (m *maker) byte() byte {
	if len(m.data) == 0 {
		return 0
	}
	b := m.data[0]
	m.data = m.data[1:]
	return b
}

// text takes up to 15 bytes, as WTF-8: 0xff stands for half of a surrogate pair.
func (m *maker) text() string {
	n := min(int(m.byte()&15), len(m.data))
	s := string(bytes.ReplaceAll(m.data[:n], []byte{0xff}, []byte("\xed\xa0\x80")))
	m.data = m.data[n:]
	if !utf8.ValidString(strings.ReplaceAll(s, "\xed\xa0\x80", "")) {
		return ""
	}
	return s
}

func (m *maker) list() []value.Value {
	var items []value.Value
	for range m.byte() & 3 {
		items = append(items, m.value())
	}
	return items
}

func (m *maker) value() value.Value {
	kind := m.byte()
	switch kind % 24 {
	case 0:
		return value.Null{}
	case 1:
		return value.Undefined{}
	case 2:
		return value.Bool(true)
	case 3:
		var bits [8]byte
		m.data = m.data[copy(bits[:], m.data):]
		return value.Number(math.Float64frombits(binary.BigEndian.Uint64(bits[:])))
	case 4:
		return value.Number(math.Copysign(0, -1))
	case 5:
		return value.BigInt(strconv.Itoa(int(m.byte())))
	case 6:
		return value.String(m.text())
	case 7:
		return &value.Date{ISO: []string{"", "2026-01-02T03:04:05.678Z"}[m.byte()&1]}
	case 8:
		class, size := value.ViewOf("AOoUSsLlGgMmV"[m.byte()%13])
		return &value.Bytes{Kind: class, Data: make([]byte, size*int(m.byte()&3))}
	case 9:
		return &value.TemporaryReference{}
	case 10:
		return &value.ServerReference{ID: m.text()}
	case 11:
		return value.Symbol(m.text())
	case 12:
		if len(m.made) > 0 {
			return m.made[int(m.byte())%len(m.made)]
		}
		return value.Null{}
	}
	return m.container(kind % 24)
}

func (m *maker) container(kind byte) value.Value {
	switch kind {
	case 13:
		f := &value.File{Name: m.text(), Type: m.text(), Blob: m.byte()&1 == 1, Data: []byte(m.text())}
		m.made = append(m.made, f)
		return f
	case 14:
		p := &value.Promise{}
		m.made = append(m.made, p)
		if m.byte()&1 == 1 {
			p.Value = m.value()
		}
		return p
	case 15:
		return &value.Set{Items: m.list()}
	case 16:
		return &value.Iterator{Items: m.list()}
	case 17:
		return &value.Stream{Chunks: m.list()}
	case 18:
		return &value.Async{Iterator: m.byte()&1 == 1, Items: m.list(), Return: m.value()}
	case 19:
		f := &value.Map{}
		for range m.byte() & 3 {
			f.Entries = append(f.Entries, value.Entry{Key: m.value(), Value: m.value()})
		}
		return f
	case 20:
		f := &value.FormData{}
		for range m.byte() & 3 {
			f.Entries = append(f.Entries, value.FormEntry{Name: m.text(), Value: value.String(m.text())})
		}
		return f
	case 21, 22:
		o := &value.Object{}
		m.made = append(m.made, o)
		for range m.byte() & 3 {
			if key := m.text(); !holds(o, key) {
				o.Members = append(o.Members, value.Member{Key: key, Value: m.value()})
			}
		}
		return o
	}
	a := &value.Array{}
	m.made = append(m.made, a)
	a.Items = m.list()
	return a
}

func holds(o *value.Object, key string) bool {
	_, ok := o.Get(key)
	return ok
}

// FuzzEncode holds that a call becomes a message or a refusal; that the message
// keeps the limit; that its JSON is JSON to a strict reader, with every pointer
// of `types` leading to something; that its parts are the files; and that what
// can stand in a result reads as values that are written the same again.
func FuzzEncode(f *testing.F) {
	f.Add([]byte{23, 3, 21, 2, 2, 'a', '/', 7, 1, 1, '~', 14, 7, 0, 0, 1}, uint16(1000))
	f.Add([]byte{13, 3, 'a', '"', 10, 4, 'a', '/', 'b', '\r', 0, 2, 'x', 'y', 12, 0}, uint16(600))
	f.Add([]byte{19, 2, 6, 2, 'k', 0xff, 15, 1, 4, 20, 2, 1, 'n', 1, 'v', 1, 'n', 0}, uint16(500))
	f.Add([]byte{21, 1, 1, 'o', 12, 0}, uint16(500))
	f.Add([]byte{17, 3, 8, 2, 1, 18, 1, 1, 5, 9, 3, 0x7f, 0xf0, 16, 1, 3, 0x7f, 0xf8, 1}, uint16(2000))
	f.Fuzz(func(t *testing.T, data []byte, limit uint16) {
		m := maker{data: data}
		c := jsoncall.Call{Action: "a", ID: "60", URL: "/" + m.text(), Args: []value.Value{m.value(), m.value()}}
		message, err := jsoncall.Encode(c, jsoncall.Limits{Bytes: int64(limit)}, names())
		if err != nil {
			if message.Body != nil || message.Call != nil {
				t.Fatal("a message with a refusal")
			}
			return
		}
		if len(message.Body) > int(limit) {
			t.Fatalf("%d bytes, the limit is %d", len(message.Body), limit)
		}
		if !jsontext.Value(message.Call).IsValid() {
			t.Fatalf("not JSON: %s", message.Call)
		}
		var s sent
		if err := json.Unmarshal(message.Call, &s); err != nil {
			t.Fatal(err)
		}
		files := map[string]bool{}
		for p, kind := range s.Types {
			at, ok := resolve(s.Args, strings.TrimPrefix(p, "/args"))
			if !ok {
				t.Fatalf("%s leads nowhere in %s", p, message.Call)
			}
			if file := strings.Trim(strings.ReplaceAll(kind, "Promise<", ""), ">"); file == "File" || file == "Blob" {
				files[at.(map[string]any)["part"].(string)] = true
			}
		}
		checkParts(t, message, files)
		if !bytes.Contains(data, []byte("args")) { // which is how again finds the pointers
			again(t, c, message, s)
		}
	})
}

func checkParts(t *testing.T, m jsoncall.Message, files map[string]bool) {
	if len(files) == 0 {
		if !bytes.Equal(m.Body, m.Call) {
			t.Fatal("parts without files")
		}
		return
	}
	parts, contents := readParts(t, m)
	if len(parts) != len(files)+1 || contents[0] != string(m.Call) {
		t.Fatalf("%d parts for %d files: %q", len(parts), len(files), m.Body)
	}
	for _, p := range parts[1:] {
		if !files[p.FormName()] || len(p.Header) != 2 {
			t.Fatalf("a part that no file has: %v", p.Header)
		}
	}
}

// again reads the arguments as if they were a result, and writes that.
func again(t *testing.T, c jsoncall.Call, m jsoncall.Message, s sent) {
	_, rest, _ := bytes.Cut(m.Call, []byte(`"closure":null,"args":`))
	result := append([]byte(`{"value":`), bytes.ReplaceAll(rest, []byte(`"/args/`), []byte(`"/value/`))...)
	v, err := jsoncall.ParseResult(result, true)
	if err != nil && strings.Contains(err.Error(), "more than 100 levels") {
		return // the list of arguments is a level more, for a result
	}
	if err != nil {
		for _, kind := range s.Types {
			for _, no := range []string{"File", "Blob", "ServerReference", "TemporaryReference"} {
				if strings.Contains(kind, no) {
					return
				}
			}
		}
		t.Fatalf("%v in %s", err, result)
	}
	c.Args = v.(*value.Array).Items
	if got, refusal := jsoncall.Encode(c, jsoncall.Limits{Bytes: 1 << 20}, names()); refusal != nil || !bytes.Equal(got.Call, m.Call) {
		t.Fatalf("got %s and %v, want %s", got.Call, refusal, m.Call)
	}
}
