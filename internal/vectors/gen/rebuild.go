package main

import (
	"bytes"
	"crypto/sha256"
	"encoding/hex"
	"fmt"
	"strings"

	"github.com/actiongw/actiongw/internal/vectors"
)

// referenceTags are the letters that a reply can put after "$" in front of a
// part's number. The recording cut the small root part of large multipart
// bodies off; which tag stood there is found by trying.
const referenceTags = "@ABFGKLMOQRSTUVWXhilnorsx"

// rebuild finds the recipe of a body of which the recording kept only the
// beginning, the length, the hash, and for multipart bodies the part list. It
// fails unless some recipe gives exactly the recorded body.
func rebuild(r *recordedRequest) (*vectors.Recipe, error) {
	recipes := textRecipes(r)
	if r.PartOrder != nil {
		recipes = multipartRecipes(r)
	}
	for _, recipe := range recipes {
		recipe.Total, recipe.SHA256 = r.BodyLength, r.BodySHA256
		if len(recipe.Head)+len(recipe.Tail) > recipe.Total {
			continue
		}
		sum := sha256.Sum256(recipe.Expand())
		if hex.EncodeToString(sum[:]) == r.BodySHA256 {
			return &recipe, nil
		}
	}
	return nil, fmt.Errorf("none of %d recipes gives the recorded body", len(recipes))
}

// textRecipes returns what a cut JSON body can have been: an array of one long
// string, of many zeros, or of nothing but arrays.
func textRecipes(r *recordedRequest) []vectors.Recipe {
	recipes := []vectors.Recipe{
		{Head: []byte("["), Repeat: []byte("0,"), Tail: []byte("0]")},
		{Repeat: []byte("["), Tail: bytes.Repeat([]byte("]"), r.BodyLength/2)},
	}
	if text, ok := bytes.CutPrefix(r.BodyHead, []byte(`["`)); ok {
		recipes = append(recipes, vectors.Recipe{Head: []byte(`["`), Repeat: period(text), Tail: []byte(`"]`)})
	}
	return recipes
}

// multipartRecipes returns what a cut multipart body with one large part can
// have been. Small parts are empty or a reference to part 1.
func multipartRecipes(r *recordedRequest) []vectors.Recipe {
	var recipes []vectors.Recipe
	for _, tag := range referenceTags {
		small := fmt.Sprintf(`["$%c1"]`, tag)
		var recipe vectors.Recipe
		var b bytes.Buffer
		for _, p := range r.PartOrder {
			writePartHeader(&b, boundary(r), p)
			switch p.Length {
			case 0:
			case len(small):
				b.WriteString(small)
			default:
				recipe.Head = bytes.Clone(b.Bytes())
				recipe.Repeat = filling(r.BodyHead, b.Len())
				b.Reset()
			}
			b.WriteString("\r\n")
		}
		fmt.Fprintf(&b, "--%s--\r\n", boundary(r))
		recipe.Tail = b.Bytes()
		recipes = append(recipes, recipe)
	}
	return recipes
}

// writePartHeader writes what stands before the content of a part.
func writePartHeader(b *bytes.Buffer, boundary string, p part) {
	fmt.Fprintf(b, "--%s\r\nContent-Disposition: form-data; name=\"%s\"", boundary, p.Name)
	if p.Filename != nil {
		fmt.Fprintf(b, "; filename=\"%s\"", *p.Filename)
	}
	b.WriteString("\r\n")
	if p.ContentType != "" {
		fmt.Fprintf(b, "Content-Type: %s\r\n", p.ContentType)
	}
	b.WriteString("\r\n")
}

// boundary returns the boundary parameter of a recorded Content-Type.
func boundary(r *recordedRequest) string {
	for _, h := range r.Headers {
		if strings.EqualFold(h[0], "Content-Type") {
			_, value, _ := strings.Cut(h[1], "boundary=")
			return value
		}
	}
	return ""
}

// filling returns what the large part is made of: what shows of it in the
// recorded beginning, else the letter that the recorder used for hand-made
// bodies.
func filling(head []byte, from int) []byte {
	if from < len(head) {
		return period(head[from:])
	}
	return []byte("x")
}

// period returns the shortest beginning of b that, repeated, gives b.
func period(b []byte) []byte {
	for n := 1; n < len(b); n++ {
		if bytes.Equal(b[n:], b[:len(b)-n]) {
			return b[:n]
		}
	}
	return b
}
