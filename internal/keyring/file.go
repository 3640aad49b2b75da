package keyring

import (
	"bytes"
	"errors"
	"fmt"
	"io"

	"github.com/tink-crypto/tink-go/v2/aead"
	"github.com/tink-crypto/tink-go/v2/insecurecleartextkeyset"
	"github.com/tink-crypto/tink-go/v2/keyset"
	"github.com/tink-crypto/tink-go/v2/tink"
)

// Encoding is how a keyset is written down. Reading finds out by itself.
type Encoding string

// Tink's two encodings, as its own tools read and write them.
const (
	JSON   Encoding = "json"
	Binary Encoding = "binary"
)

// maxKeysetBytes bounds what is parsed as a keyset. 32 keys take about 10 KB.
const maxKeysetBytes = 1 << 20

// WrappingKey encrypts keysets at rest: the key-encryption key. The zero value
// is none.
type WrappingKey struct {
	aead func() tink.AEAD // a function for the reason given at Key
}

// WrapWith makes a wrapping key of any AEAD of Tink, such as a remote KMS.
func WrapWith(a tink.AEAD) WrappingKey { return WrappingKey{func() tink.AEAD { return a }} }

// ParseWrappingKey reads a wrapping key from a Tink AEAD keyset in the clear,
// JSON or binary. It is the one secret that stays in the clear, so it belongs
// into a file or a secret store of its own, apart from the keysets.
func ParseWrappingKey(cleartext []byte) (WrappingKey, error) {
	handle, err := readCleartext(cleartext)
	if err != nil {
		return WrappingKey{}, errors.New("the wrapping key is not a Tink keyset in the clear")
	}
	a, err := aead.New(handle)
	if err != nil {
		return WrappingKey{}, errors.New("the wrapping key is not a Tink keyset for AEAD")
	}
	return WrapWith(a), nil
}

// InsecureGenerateCleartextWrappingKey returns a fresh wrapping key in the
// clear, as JSON, to be written to a file that nothing but the gate can read.
func InsecureGenerateCleartextWrappingKey(random io.Reader, now int64) ([]byte, error) {
	k, err := Generate(OwnClosures, random, now)
	if err != nil {
		return nil, err
	}
	return k.InsecureCleartext(JSON)
}

// ReadKeyset reads an encrypted Tink keyset, JSON or binary, and the notes
// beside it, which may be empty. It fails for a keyset in the clear, for the
// wrong wrapping key, and for keys of another purpose. Errors repeat nothing of
// the file.
func ReadKeyset(purpose Purpose, encrypted, noted []byte, wrapping WrappingKey) (Keyset, error) {
	if wrapping.aead == nil {
		return Keyset{}, errors.New("there is no wrapping key to read the keyset with")
	}
	reader, err := readerOf(encrypted)
	if err != nil {
		return Keyset{}, err
	}
	handle, err := keyset.Read(reader, wrapping.aead())
	if err != nil {
		// Tink's error is not repeated: that of its JSON parser quotes the file.
		if _, err := readCleartext(encrypted); err == nil {
			return Keyset{}, errors.New("the keyset is not encrypted; encrypt it with a wrapping key")
		}
		return Keyset{}, errors.New("the keyset cannot be read: it is damaged, or encrypted with another wrapping key")
	}
	return fromHandle(purpose, handle, noted)
}

// InsecureReadCleartextKeyset reads a Tink keyset that is not encrypted. Whoever
// sees such a file has the keys; it is for tests and for moving a keyset.
func InsecureReadCleartextKeyset(purpose Purpose, cleartext, noted []byte) (Keyset, error) {
	handle, err := readCleartext(cleartext)
	if err != nil {
		return Keyset{}, err
	}
	return fromHandle(purpose, handle, noted)
}

// Encrypted returns the keyset encrypted with the wrapping key, for a file.
func (k Keyset) Encrypted(wrapping WrappingKey, encoding Encoding) ([]byte, error) {
	if k.handle == nil || wrapping.aead == nil {
		return nil, errors.New("it takes a keyset and a wrapping key to write an encrypted keyset")
	}
	var out bytes.Buffer
	writer, err := writerTo(&out, encoding)
	if err != nil {
		return nil, err
	}
	if err := k.handle.Write(writer, wrapping.aead()); err != nil {
		return nil, errors.New("the keyset cannot be encrypted with this wrapping key")
	}
	return out.Bytes(), nil
}

// InsecureCleartext returns the keyset unencrypted.
func (k Keyset) InsecureCleartext(encoding Encoding) ([]byte, error) {
	if k.handle == nil {
		return nil, errNoKeyset
	}
	var out bytes.Buffer
	writer, err := writerTo(&out, encoding)
	if err != nil {
		return nil, err
	}
	if err := insecurecleartextkeyset.Write(k.handle, writer); err != nil {
		return nil, errors.New("the keyset cannot be written")
	}
	return out.Bytes(), nil
}

// Notes returns what Tink does not keep, as JSON for a file beside the keyset.
// It is no secret: ids, times, fingerprints, and which keys are pending.
func (k Keyset) Notes() []byte { return k.notes.encode() }

// String says no more than that there is a key.
func (w WrappingKey) String() string {
	if w.aead == nil {
		return "no wrapping key"
	}
	return "wrapping key"
}

// Format answers every verb with String.
func (w WrappingKey) Format(f fmt.State, _ rune) { _, _ = io.WriteString(f, w.String()) }

func fromHandle(purpose Purpose, handle *keyset.Handle, noted []byte) (Keyset, error) {
	if err := checkPurpose(purpose, handle); err != nil {
		return Keyset{}, err
	}
	notes, err := parseNotes(noted)
	if err != nil {
		return Keyset{}, err
	}
	return Keyset{purpose, handle, notes}, nil
}

func readCleartext(data []byte) (*keyset.Handle, error) {
	reader, err := readerOf(data)
	if err != nil {
		return nil, err
	}
	handle, err := insecurecleartextkeyset.Read(reader)
	if err != nil {
		return nil, errors.New("this is not a Tink keyset in the clear")
	}
	return handle, nil
}

// readerOf tells the encodings apart: JSON begins with a brace, which no binary
// keyset does.
func readerOf(data []byte) (keyset.Reader, error) {
	trimmed := bytes.TrimSpace(data)
	switch {
	case len(trimmed) == 0:
		return nil, errors.New("the keyset is empty; a file that is missing may read as empty")
	case len(data) > maxKeysetBytes:
		return nil, errors.New("this is too large for a keyset")
	case trimmed[0] == '{':
		return keyset.NewJSONReader(bytes.NewReader(trimmed)), nil
	default:
		return keyset.NewBinaryReader(bytes.NewReader(data)), nil
	}
}

func writerTo(out *bytes.Buffer, encoding Encoding) (keyset.Writer, error) {
	switch encoding {
	case JSON:
		return keyset.NewJSONWriter(out), nil
	case Binary:
		return keyset.NewBinaryWriter(out), nil
	default:
		return nil, fmt.Errorf("%q is no encoding of a keyset; there are %s and %s", string(encoding), JSON, Binary)
	}
}
