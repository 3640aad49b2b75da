// Package jsoncall writes a call as plain JSON for backends in any language,
// and reads the JSON that they answer with.
//
//	{"action":"createInvoice","id":"60…","url":"/invoices?page=2","closure":["v41"],
//	 "args":[{"amount":["12.50"]}],"types":{"/args/0":"FormData"}}
//
// Values are in the form that package jsonform says. What they were in
// JavaScript, where JSON does not tell, is in `types`, by JSON Pointer (RFC
// 6901) from the document's root; without such values `types` is missing. The
// words are
//
//	undefined NaN Infinity -Infinity -0 TemporaryReference
//	Date BigInt Map Set FormData File Blob Iterator AsyncIterator AsyncIterable Stream
//	ArrayBuffer DataView Int8Array Uint8Array Uint8ClampedArray Int16Array Uint16Array
//	Int32Array Uint32Array Float32Array Float64Array BigInt64Array BigUint64Array
//	ServerReference Promise
//
// A promise of such a value is Promise<Date>, as in TypeScript. One that was
// rejected or never settles is null and Promise<never>. An invalid Date is null.
//
// Files are parts of their own. `{"name","type","size","part"}` says which; it
// is one of a file only where `types` says File or Blob, as anybody can send an
// object that looks like it.
package jsoncall

import (
	"github.com/actiongw/actiongw/internal/jsonform"
	"github.com/actiongw/actiongw/internal/reject"
	"github.com/actiongw/actiongw/internal/value"
)

// Call is a call that was read, checked and opened.
type Call struct {
	// Action is the action's name, or its id where nothing names it.
	Action, ID string
	// URL is the path and query of the page, as the client sent them.
	URL string
	// Closure holds the captured values, nil for none.
	Closure *value.Array
	Args    []value.Value
	// NameOf gives the name of a server function. Nil means that there are none.
	NameOf func(id string) string
}

// Limits of what is written.
type Limits struct {
	// Bytes is the longest Body that passes; jsonform.Limit is a good one.
	Bytes int64
}

// Message is a call as it is sent.
type Message struct {
	ContentType string
	Body        []byte
	// Call is the JSON within Body; without files it is the whole of it.
	Call []byte
}

// Encode writes a call: as application/json, or with files as
// multipart/form-data, in which the part `call` comes first and has the JSON.
//
// name returns another text of 1 to 70 letters and digits each time, which
// nobody outside can guess. It becomes the boundary, so that no file can hold
// it, and the names of parts, so that no field of a user's is taken for one.
//
// Refused are values that have no form in JSON (see package jsonform) and calls
// that are longer than the limit.
func Encode(c Call, l Limits, name func() string) (Message, *reject.Error) {
	// 512 bytes are what a form of a few fields takes.
	w := writer{json: make([]byte, 0, 512), files: files{name: name}}
	walk := jsonform.Walk{To: &w, Limit: l.Bytes, NameOf: c.NameOf, BaseNames: true}
	w.Open('{')
	w.member("action", c.Action)
	w.member("id", c.ID)
	w.member("url", c.URL)
	w.Key("closure")
	if c.Closure == nil {
		w.Null()
	} else if err := walk.List(c.Closure.Items); err != nil {
		return Message{}, err
	}
	w.Key("args")
	if err := walk.List(c.Args); err != nil {
		return Message{}, err
	}
	w.end()
	if err := walk.Check(); err != nil {
		return Message{}, err
	}
	return w.files.message(w.json), nil
}
