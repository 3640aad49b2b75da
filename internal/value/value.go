// Package value holds JavaScript values as Go data: what a call's arguments
// and a closure's captured variables are after decoding.
//
// Values are a closed set of types. Primitives are plain Go values. Everything
// that has an identity in JavaScript is a pointer, so that two places holding
// the same pointer are the same object there, and a value may contain itself:
// a walk must remember where it has been. Objects keep their members in order,
// and look-ups see own members only: there are no prototypes.
package value

// Value is one JavaScript value of the types below; nil is none.
type Value interface{ isValue() }

// The primitives.
type (
	// Undefined is JavaScript's undefined.
	Undefined struct{}
	// Null is JavaScript's null.
	Null struct{}
	// Bool is a boolean.
	Bool bool
	// Number is a double, with NaN, the infinities and -0.
	Number float64
	// String is a text of UTF-16 units in WTF-8: UTF-8 in which a lone
	// surrogate is three bytes of its own.
	String string
	// BigInt is an integer in canonical decimal digits.
	BigInt string
	// Symbol is Symbol.for of its text.
	Symbol string
)

type (
	// Date is a point in time. ISO is what toISOString gives, empty for an
	// invalid date.
	Date struct{ ISO string }

	// Array is an array. Holes are Undefined.
	Array struct{ Items []Value }

	// Object is a plain object. Keys are WTF-8 and occur once each.
	Object struct{ Members []Member }
	// Member is one property of an Object.
	Member struct {
		Key   string
		Value Value
	}

	// Map is a Map, in insertion order.
	Map struct{ Entries []Entry }
	// Entry is one entry of a Map.
	Entry struct{ Key, Value Value }

	// Set is a Set, in insertion order.
	Set struct{ Items []Value }

	// Iterator is an iterator that can be read once.
	Iterator struct{ Items []Value }

	// FormData is a FormData; names may repeat.
	FormData struct{ Entries []FormEntry }
	// FormEntry is one entry of a FormData: a String or a *File.
	FormEntry struct {
		Name  string
		Value Value
	}

	// File is a File or, without a name of its own, a Blob.
	File struct {
		Name, Type string
		Blob       bool
		Data       []byte
	}

	// Bytes is an ArrayBuffer, a typed array or a DataView; Kind is the name of
	// its JavaScript class.
	Bytes struct {
		Kind string
		Data []byte
	}

	// Promise is a settled promise: Value, or Rejected. With neither it never
	// settles.
	Promise struct {
		Value    Value
		Rejected *Error
	}

	// Stream is a ReadableStream with all of its chunks.
	Stream struct {
		// Binary is set for a stream of bytes.
		Binary bool
		Chunks []Value
		Failed *Error
	}

	// Async is an async iterable, or with Iterator an async iterator.
	Async struct {
		Iterator bool
		Items    []Value
		// Return is the generator's return value, nil for none.
		Return Value
		Failed *Error
	}

	// ServerReference is a function of the server: an action's id and the
	// arguments bound to it, nil for none.
	ServerReference struct {
		ID    string
		Bound *Array
	}

	// TemporaryReference is a value that stays with the client, known by the
	// position where it stood.
	TemporaryReference struct{ Position string }

	// ClientReference is a module of the client's build.
	ClientReference struct{ ID string }

	// Element is a React element.
	Element struct {
		Type, Key, Props Value
	}

	// Lazy is a React.lazy that has loaded, or failed.
	Lazy struct {
		Value  Value
		Failed *Error
	}

	// Error is an Error object. Production builds keep the digest alone.
	Error struct{ Name, Message, Digest string }
)

func (Undefined) isValue()           {}
func (Null) isValue()                {}
func (Bool) isValue()                {}
func (Number) isValue()              {}
func (String) isValue()              {}
func (BigInt) isValue()              {}
func (Symbol) isValue()              {}
func (*Date) isValue()               {}
func (*Array) isValue()              {}
func (*Object) isValue()             {}
func (*Map) isValue()                {}
func (*Set) isValue()                {}
func (*Iterator) isValue()           {}
func (*FormData) isValue()           {}
func (*File) isValue()               {}
func (*Bytes) isValue()              {}
func (*Promise) isValue()            {}
func (*Stream) isValue()             {}
func (*Async) isValue()              {}
func (*ServerReference) isValue()    {}
func (*TemporaryReference) isValue() {}
func (*ClientReference) isValue()    {}
func (*Element) isValue()            {}
func (*Lazy) isValue()               {}
func (*Error) isValue()              {}

// Get returns an own member of the object.
func (o *Object) Get(key string) (Value, bool) {
	for _, m := range o.Members {
		if m.Key == key {
			return m.Value, true
		}
	}
	return nil, false
}
