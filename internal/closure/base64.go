package closure

import (
	"bytes"
	"encoding/base64"
	"slices"
)

// canonicalBase64 is the one spelling that Next writes: standard alphabet,
// padded, no stray bits.
var canonicalBase64 = base64.StdEncoding.Strict()

// forgivenBase64 ignores stray bits, and knows no padding because decodeForgiving
// has removed it.
var forgivenBase64 = base64.RawStdEncoding

// decode reads base64 as a browser's atob does, which is how Next reads it, and
// reports whether the text was canonical. It fails where atob does (WHATWG
// Infra, forgiving-base64 decode; spec next-actions §8).
//
// The data is written over room, if it fits there.
func decode(room []byte, text string) (data []byte, canonical, ok bool) {
	data = slices.Grow(room[:0], canonicalBase64.DecodedLen(len(text)))
	n, err := canonicalBase64.Decode(data[:cap(data)], []byte(text))
	if err != nil {
		data, ok = decodeForgiving(text)
		return data, false, ok
	}
	// Go skips CR and LF even when it is strict; they make the text longer.
	return data[:n], len(text) == base64.StdEncoding.EncodedLen(n), true
}

// decodeForgiving removes white space wherever it stands, then padding, which
// is optional but must fit the length, and ignores stray bits. Prose fails at
// its first comma, before anything is copied.
func decodeForgiving(text string) ([]byte, bool) {
	for i := range len(text) {
		if c := text[i]; !isSpace(c) && !isBase64(c) {
			return nil, false
		}
	}
	packed := make([]byte, 0, len(text))
	for i := range len(text) {
		if c := text[i]; !isSpace(c) {
			packed = append(packed, c)
		}
	}
	if len(packed)%4 == 0 {
		if trimmed, padded := bytes.CutSuffix(packed, []byte("=")); padded {
			packed = bytes.TrimSuffix(trimmed, []byte("="))
		}
	}
	data := make([]byte, forgivenBase64.DecodedLen(len(packed)))
	n, err := forgivenBase64.Decode(data, packed)
	return data[:n], err == nil
}

// isSpace is the white space of forgiving base64. No-break spaces and the like
// are none.
func isSpace(c byte) bool {
	return c == ' ' || c == '\t' || c == '\n' || c == '\f' || c == '\r'
}

// isBase64 is the standard alphabet and its padding.
func isBase64(c byte) bool {
	return 'A' <= c && c <= 'Z' || 'a' <= c && c <= 'z' || '0' <= c && c <= '9' || c == '+' || c == '/' || c == '='
}
