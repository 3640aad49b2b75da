// Package jsonform says what JavaScript values are in plain JSON. A schema
// checks the arguments of a call in this form, and a backend that does not
// speak React's format gets them in it, so both see the same. A [Walk] writes
// the form; a [Reader] makes values of it again.
//
//	undefined, NaN, ±Infinity, temporary references   null
//	-0                                                0
//	Date                                              RFC 3339 text, null if invalid
//	BigInt                                            decimal text
//	Map                                               array of pairs
//	Set, iterators, streams                           array
//	Promise                                           its value, null if rejected
//	FormData                                          object of arrays, without $ACTION_ fields
//	File, Blob                                        {"name", "type", "size"}
//	ArrayBuffer, typed arrays                         base64 text
//	server functions                                  {"id", "name"}
//
// Numbers are doubles, as in JavaScript. Half of a surrogate pair becomes
// U+FFFD, so that it counts as one character. What a server function is bound
// to and what a generator returns at its end are left out.
package jsonform

import "github.com/actiongw/actiongw/internal/value"

// Limits of the form.
const (
	// MaxDepth is how deep arrays and objects may nest. No form and no sane
	// argument comes near it, and every reader of JSON can follow.
	MaxDepth = 100
	// MaxValues is how many values a [Reader] makes of one text. Each takes some
	// 200 bytes, and `{}` in the text only three: without a limit, 10 MiB of them
	// would take 700.
	MaxValues = 500_000
	// freeBytes is the size up to which shared values may be written out
	// again and again, see [Limit]. Without sharing, 50,000 values, the parser's
	// limit, cost 0.8 MB besides their texts; a few hundred records that all
	// hold the same customer fit in the rest.
	freeBytes = 2 << 20
)

// Limit is the size that the form of the values of a call may have: 2 MiB and
// twice the body's. A value that occurs twice is written twice, so a body could
// otherwise grow without bounds; one that shares nothing fits, if it is not made
// of control characters, or of dates below a key of many pages.
func Limit(bodyBytes int64) int64 { return freeBytes + 2*bodyBytes }

// Sink takes the form, token by token.
type Sink interface {
	// Kind names what the next value is in JavaScript, where JSON does not tell:
	// a class, or a word such as NaN. A promise comes before what it holds:
	// Promise, Date. One that was rejected holds never.
	Kind(name string)
	Null()
	Bool(b bool)
	// Number gets a finite number other than -0.
	Number(f float64)
	// Text gets UTF-8.
	Text(s string)
	// Bytes gets what becomes base64 text.
	Bytes(data []byte)
	// Open begins an array or an object: [ or {.
	Open(bracket byte)
	// Key gets the name of the next member of an object. Names do not repeat.
	Key(name string)
	// Content may add members to the object of a file, after size.
	Content(f *value.File)
	// Close ends what was opened last.
	Close()
	// Len is the size of all so far, in the sink's own measure of bytes.
	Len() int64
}
