package vectors

import (
	"crypto/sha256"
	"encoding/hex"
	"errors"
	"fmt"
	"strconv"
	"strings"
	"unicode/utf8"

	"github.com/actiongw/actiongw/internal/value"
)

// longText is the number of UTF-16 units above which a string is compared by
// its hash alone: the shortest text that the recording app hashed had 310.
const longText = 256

// CorpusTagged writes a value in the notation of the recorded traffic (README,
// the tags of `expected`) as canonical JSON. What the recording does not tell
// is left out on both sides: the content of binary data and of texts above 256
// units is there as a hash, errors say nothing, a symbol has its key alone, an
// async iterator is an iterable. Compare with [CanonicalCorpusTagged].
//
// A recorded Ref names a path from the root of one invocation's args (an
// array) or bound (an object by variable): write that root.
func CorpusTagged(v value.Value) (string, error) {
	var c corpusTagger
	if err := c.write(v); err != nil {
		return "", err
	}
	return string(c.buf), nil
}

// CanonicalCorpusTagged brings the JSON of recorded args or bound into the
// form that [CorpusTagged] writes.
func CanonicalCorpusTagged(raw []byte) (string, error) {
	n, err := parseTree(raw)
	if err != nil {
		return "", err
	}
	buf, err := appendCorpus(nil, n)
	return string(buf), err
}

// corpusMembers are the members that are compared, by tag and in order.
func corpusMembers(tag string) (members []string, known bool) {
	switch tag {
	case "undefined", "RejectedPromise", "Error", "ClientReference", "TemporaryReference", "Function", "Opaque":
		return nil, true
	case "Number", "BigInt", "Promise", "Lazy":
		return []string{"value"}, true
	case "Map", "FormData", "Object":
		return []string{"entries"}, true
	case "Set", "Iterator":
		return []string{"values"}, true
	case "AsyncIterable":
		return []string{"values", "return"}, true
	case "ReadableStream":
		return []string{"chunks"}, true
	case "Date":
		return []string{"iso"}, true
	case "Symbol":
		return []string{"key"}, true
	case "File":
		return []string{"name", "type", "byteLength", "sha256"}, true
	case "Blob":
		return []string{"type", "byteLength", "sha256"}, true
	case "ServerReference":
		return []string{"id", "bound"}, true
	case "ReactElement":
		return []string{"elementType", "key", "props"}, true
	case "LongString":
		return []string{"length", "utf8sha256"}, true
	case "Ref":
		return []string{"path"}, true
	}
	return []string{"byteLength", "sha256"}, binaryTag(tag)
}

// binaryTag tells whether a tag is the class of an ArrayBuffer or a view.
func binaryTag(tag string) bool {
	return tag == "DataView" || tag == "ArrayBuffer" || strings.HasSuffix(tag, "Array")
}

func appendCorpus(buf []byte, n *tree) ([]byte, error) {
	switch n.kind {
	case 'n':
		return append(buf, "null"...), nil
	case 't', 'f':
		return strconv.AppendBool(buf, n.kind == 't'), nil
	case '0':
		return value.AppendNumber(buf, n.number), nil
	case '"':
		return appendText(buf, n.text), nil
	case '[':
		return appendAll(buf, '[', nil, n.items, ']')
	}
	tag := n.tag()
	if tag == "" {
		return appendAll(buf, '{', n.keys, n.items, '}')
	}
	members, known := corpusMembers(tag)
	if !known {
		return nil, fmt.Errorf("unknown tag %q", tag)
	}
	keys, items := []string{"$type"}, []*tree{n.get("$type")}
	for _, key := range members {
		m := n.get(key)
		if m == nil || key == "return" && m.tag() == "undefined" {
			continue
		}
		keys, items = append(keys, key), append(items, m)
	}
	return appendAll(buf, '{', keys, items, '}')
}

// appendAll appends a list, or an object when there are keys.
func appendAll(buf []byte, open byte, keys []string, items []*tree, end byte) (_ []byte, err error) {
	buf = append(buf, open)
	for i, item := range items {
		if i > 0 {
			buf = append(buf, ',')
		}
		if keys != nil {
			buf = append(value.AppendQuoted(buf, keys[i]), ':')
		}
		if buf, err = appendCorpus(buf, item); err != nil {
			return nil, err
		}
	}
	return append(buf, end), nil
}

// appendText appends a string, or a long one by length and hash, as the
// recording app did. Node hashes a lone surrogate as U+FFFD.
func appendText(buf []byte, s string) []byte {
	length := value.UnitLen(s)
	if length <= longText {
		return value.AppendQuoted(buf, s)
	}
	text := make([]byte, 0, len(s))
	for len(s) > 0 {
		r, size := utf8.DecodeRuneInString(s)
		if r == utf8.RuneError && size == 1 && len(s) >= 3 {
			size = 3
		}
		text, s = utf8.AppendRune(text, r), s[size:]
	}
	sum := sha256.Sum256(text)
	return fmt.Appendf(buf, `{"$type":"LongString","length":%d,"utf8sha256":"%x"}`, length, sum)
}

// corpusTagger writes the notation of the recorded traffic.
type corpusTagger struct{ walk }

// step goes one step down and writes v there. Steps are joined by dots.
func (c *corpusTagger) step(name string, v value.Value) error {
	back := len(c.path)
	c.path = append(append(c.path, '.'), name...)
	err := c.write(v)
	c.path = c.path[:back]
	return err
}

func (c *corpusTagger) write(v value.Value) error {
	if path, again := c.met(v); again {
		c.raw(`{"$type":"Ref","path":`)
		c.quoted("$" + path)
		c.raw("}")
		return nil
	}
	switch v := v.(type) {
	case value.Null:
		c.raw("null")
	case value.Bool:
		c.raw(strconv.FormatBool(bool(v)))
	case value.Number:
		if s := special(float64(v)); s != "" {
			c.raw(`{"$type":"Number","value":"` + s + `"}`)
		} else {
			c.buf = value.AppendNumber(c.buf, float64(v))
		}
	case value.String:
		c.buf = appendText(c.buf, string(v))
	case *value.Array:
		return c.list("", v.Items)
	case *value.Object:
		return c.object(v)
	default:
		c.raw(`{"$type":`)
		err := c.tag(v)
		c.raw("}")
		return err
	}
	return nil
}

func (c *corpusTagger) tag(v value.Value) error {
	switch v := v.(type) {
	case value.Undefined:
		c.raw(`"undefined"`)
	case value.BigInt:
		c.raw(`"BigInt","value":`)
		c.buf = appendText(c.buf, string(v))
	case value.Symbol:
		c.raw(`"Symbol","key":`)
		c.quoted(string(v))
	case *value.Date:
		c.raw(`"Date","iso":`)
		if v.ISO == "" {
			c.raw("null")
		} else {
			c.quoted(v.ISO)
		}
	case *value.Error:
		c.raw(`"Error"`)
	case *value.ClientReference:
		c.raw(`"ClientReference"`)
	case *value.TemporaryReference:
		c.raw(`"TemporaryReference"`)
	case *value.File:
		if v.Blob {
			c.raw(`"Blob","type":`)
		} else {
			c.raw(`"File","name":`)
			c.quoted(v.Name)
			c.raw(`,"type":`)
		}
		c.quoted(v.Type)
		c.hash(v.Data)
	case *value.Bytes:
		c.quoted(v.Kind)
		c.hash(v.Data)
	default:
		return c.container(v)
	}
	return nil
}

func (c *corpusTagger) hash(data []byte) {
	sum := sha256.Sum256(data)
	c.raw(`,"byteLength":` + strconv.Itoa(len(data)) + `,"sha256":"` + hex.EncodeToString(sum[:]) + `"`)
}

func (c *corpusTagger) container(v value.Value) error {
	switch v := v.(type) {
	case *value.Map:
		c.raw(`"Map","entries":`)
		return c.pairs(len(v.Entries), func(i int) (value.Value, value.Value) { return v.Entries[i].Key, v.Entries[i].Value })
	case *value.FormData:
		c.raw(`"FormData","entries":`)
		return c.pairs(len(v.Entries), func(i int) (value.Value, value.Value) {
			return value.String(v.Entries[i].Name), v.Entries[i].Value
		})
	case *value.Set:
		c.raw(`"Set","values":`)
		return c.list("values.", v.Items)
	case *value.Iterator:
		c.raw(`"Iterator","values":`)
		return c.list("values.", v.Items)
	case *value.Stream:
		c.raw(`"ReadableStream","chunks":`)
		return c.list("chunks.", v.Chunks)
	case *value.Async:
		c.raw(`"AsyncIterable","values":`)
		if err := c.list("values.", v.Items); err != nil {
			return err
		}
		if _, none := v.Return.(value.Undefined); v.Return == nil || none {
			return nil
		}
		c.raw(`,"return":`)
		return c.step("return", v.Return)
	}
	return c.wrapper(v)
}

func (c *corpusTagger) wrapper(v value.Value) error {
	switch v := v.(type) {
	case *value.Promise:
		if v.Value == nil {
			c.raw(`"RejectedPromise"`)
			return nil
		}
		c.raw(`"Promise","value":`)
		return c.step("value", v.Value)
	case *value.Lazy:
		c.raw(`"Lazy","value":`)
		return c.step("value", v.Value)
	case *value.Element:
		c.raw(`"ReactElement","elementType":`)
		err := c.step("elementType", v.Type)
		c.raw(`,"key":`)
		err = errors.Join(err, c.step("key", v.Key))
		c.raw(`,"props":`)
		return errors.Join(err, c.step("props", v.Props))
	case *value.ServerReference:
		c.raw(`"ServerReference","id":`)
		c.quoted(v.ID)
		c.raw(`,"bound":`)
		if v.Bound == nil {
			c.raw("null")
			return nil
		}
		return c.step("$$bound", v.Bound)
	}
	return fmt.Errorf("no tag for %T", v)
}

func (c *corpusTagger) object(o *value.Object) error {
	for _, m := range o.Members {
		if m.Key == "$type" || m.Key == "__proto__" {
			c.raw(`{"$type":"Object","entries":`)
			err := c.pairs(len(o.Members), func(i int) (value.Value, value.Value) {
				return value.String(o.Members[i].Key), o.Members[i].Value
			})
			c.raw("}")
			return err
		}
	}
	c.raw("{")
	for i, m := range o.Members {
		if i > 0 {
			c.raw(",")
		}
		c.quoted(m.Key)
		c.raw(":")
		if err := c.step(m.Key, m.Value); err != nil {
			return err
		}
	}
	c.raw("}")
	return nil
}

func (c *corpusTagger) list(prefix string, items []value.Value) error {
	c.raw("[")
	for i, v := range items {
		if i > 0 {
			c.raw(",")
		}
		if err := c.step(prefix+strconv.Itoa(i), v); err != nil {
			return err
		}
	}
	c.raw("]")
	return nil
}

// pairs writes entries. The recording has no reference into one, so the steps
// to them are ours.
func (c *corpusTagger) pairs(n int, pair func(int) (value.Value, value.Value)) error {
	c.raw("[")
	for i := range n {
		if i > 0 {
			c.raw(",")
		}
		k, v := pair(i)
		if err := c.list("entries."+strconv.Itoa(i)+".", []value.Value{k, v}); err != nil {
			return err
		}
	}
	c.raw("]")
	return nil
}
