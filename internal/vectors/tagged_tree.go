package vectors

import (
	"bytes"
	"errors"
	"strconv"

	"github.com/go-json-experiment/json/jsontext"

	"github.com/actiongw/actiongw/internal/value"
)

// tree is JSON as it stands: members in order, strings as WTF-8. The standard
// decoder would lose both.
type tree struct {
	// kind is '{', '[', '"', '0', 'n', 't' or 'f'.
	kind   jsontext.Kind
	text   string
	number float64
	keys   []string
	items  []*tree
}

// parseTree reads one JSON text.
func parseTree(raw []byte) (*tree, error) {
	d := jsontext.NewDecoder(bytes.NewReader(raw), jsontext.AllowInvalidUTF8(true), jsontext.AllowDuplicateNames(true))
	n, err := readTree(d)
	if err != nil {
		return nil, err
	}
	if d.PeekKind() != 0 {
		return nil, errors.New("more than one JSON text")
	}
	return n, nil
}

func readTree(d *jsontext.Decoder) (*tree, error) {
	n := &tree{kind: d.PeekKind()}
	switch n.kind {
	case '{', '[':
		return n, n.readItems(d)
	}
	raw, err := d.ReadValue()
	if err != nil {
		return nil, err
	}
	switch n.kind {
	case '"':
		n.text, err = unquote(raw)
	case '0':
		n.number, err = strconv.ParseFloat(string(raw), 64)
	}
	return n, err
}

func (n *tree) readItems(d *jsontext.Decoder) error {
	if _, err := d.ReadToken(); err != nil {
		return err
	}
	for d.PeekKind() != '}' && d.PeekKind() != ']' {
		if n.kind == '{' {
			raw, err := d.ReadValue()
			if err != nil {
				return err
			}
			key, err := unquote(raw)
			if err != nil {
				return err
			}
			n.keys = append(n.keys, key)
		}
		item, err := readTree(d)
		if err != nil {
			return err
		}
		n.items = append(n.items, item)
	}
	_, err := d.ReadToken()
	return err
}

func unquote(raw []byte) (string, error) {
	s, ok := value.Unquote(raw)
	if !ok {
		return "", errors.New("bad string literal")
	}
	return s, nil
}

// get is a member of an object, nil for none.
func (n *tree) get(key string) *tree {
	for i, k := range n.keys {
		if k == key {
			return n.items[i]
		}
	}
	return nil
}

// tag is the value of $type, empty for a plain object.
func (n *tree) tag() string { return n.str("$type") }

// str is a member that is a string, empty for none.
func (n *tree) str(key string) string {
	if m := n.get(key); m != nil && m.kind == '"' {
		return m.text
	}
	return ""
}
