package main

import (
	"bytes"
	"encoding/json"
	"fmt"
	"math/rand/v2"
	"strings"
)

const (
	host     = "shop.example.com"
	boundary = "----WebKitFormBoundaryq7Jm2Xw9LrT4VbKz"

	// actionID has the info byte 7f: an action that uses all its arguments, however many.
	actionID = "7fc1a4f0c1a4f0c1a4f0c1a4f0c1a4f0c1a4f0c1a4"
)

// A workload is one request, sent again and again.
type workload struct {
	name    string
	about   string // for --help
	refused bool   // the gate must refuse it; bare and direct pass it
	request []byte // the request as it goes over the wire
}

// workloads is the table of what is sent.
var workloads = []workload{
	{name: "get", about: "GET of a page", request: get()},
	{name: "text2k", about: "fetch action, 2 KB of JSON as text", request: fetchAction(text(2<<10), sameOrigin)},
	{name: "multipart2k", about: "fetch action, 2 KB in 3 multipart parts", request: fetchAction(reply(2<<10, 2), sameOrigin)},
	{name: "multipart91k", about: "fetch action, 91 KB in 4 multipart parts", request: fetchAction(reply(91<<10, 3), sameOrigin)},
	{name: "refused-origin", about: "text2k from a foreign Origin: the gate refuses it, bare passes it", refused: true,
		request: fetchAction(text(2<<10), foreignOrigin)},
	{name: "form2k", about: "form post without JavaScript, 2 KB", request: post("/orders/new", actionForm(2<<10), sameOrigin)},
	{name: "upload91k", about: "multipart post that is not an action, 91 KB", request: post("/upload", upload(91<<10), sameOrigin)},
}

// Header lines that browsers add to say where a request comes from.
const (
	sameOrigin    = "Origin: http://" + host + "\r\nSec-Fetch-Site: same-origin\r\n"
	foreignOrigin = "Origin: http://elsewhere.example\r\nSec-Fetch-Site: cross-site\r\n"
)

// A body is a request body with its media type.
type body struct {
	contentType string
	bytes       []byte
}

// head is what all requests have in common, as a browser sends it.
func head(method, path, accept string) string {
	return method + " " + path + " HTTP/1.1\r\n" +
		"Host: " + host + "\r\n" +
		"User-Agent: Mozilla/5.0 (X11; Linux x86_64) AppleWebKit/537.36 (KHTML, like Gecko) Chrome/140.0.0.0 Safari/537.36\r\n" +
		"Accept: " + accept + "\r\n" +
		"Accept-Language: en\r\n"
}

func get() []byte {
	return []byte(head("GET", "/orders?page=2", "text/html,*/*;q=0.8") + "Sec-Fetch-Site: none\r\n\r\n")
}

// fetchAction is the call that a client makes from JavaScript: the action's id is in a header.
func fetchAction(b body, origin string) []byte {
	return request(head("POST", "/orders?page=2", "text/x-component")+"Next-Action: "+actionID+"\r\n"+origin, b)
}

// post is an ordinary form post.
func post(path string, b body, origin string) []byte {
	return request(head("POST", path, "text/html,*/*;q=0.8")+origin, b)
}

func request(head string, b body) []byte {
	h := fmt.Sprintf("%sContent-Type: %s\r\nContent-Length: %d\r\n\r\n", head, b.contentType, len(b.bytes))
	return append([]byte(h), b.bytes...)
}

// An item is one value of the kind that applications send: an object with a few short members.
type item struct {
	SKU      string   `json:"sku"`
	Name     string   `json:"name"`
	Quantity int      `json:"quantity"`
	Price    string   `json:"price"`
	Gift     bool     `json:"gift"`
	Tags     []string `json:"tags"`
}

func newItem(i int) item {
	return item{
		SKU: fmt.Sprintf("SKU-%05d", i), Name: fmt.Sprintf("Garden chair no. %d, folding", i), Quantity: i%9 + 1,
		Price: fmt.Sprintf("%d.%02d", 10+i%90, i%100), Gift: i%4 == 0, Tags: []string{"garden", "wood", "sale"},
	}
}

// text is an argument list of about size bytes, sent as text: one object with a list and a note
// that fills it up.
func text(size int) body {
	type order struct {
		Customer string `json:"customer"`
		Lines    []item `json:"lines"`
		Note     string `json:"note"`
	}
	o := order{Customer: "c-1042"}
	for i := 0; len(encode([]order{o})) < size*3/4; i++ {
		o.Lines = append(o.Lines, newItem(i))
	}
	o.Note = prose(size - len(encode([]order{o})))
	return body{"text/plain;charset=UTF-8", encode([]order{o})}
}

// reply is an argument list of about size bytes that needs several parts: each argument is a
// Map, which stands in a part of its own, and the root, part 0, refers to them.
func reply(size, maps int) body {
	var parts, root []string
	for n := range maps {
		var pairs []string
		for size := size/maps - 300; size > 0; size -= len(pairs[len(pairs)-1]) + 1 {
			i := len(pairs)
			pairs = append(pairs, string(encode([]any{fmt.Sprintf("line-%d-%d", n, i), newItem(i)})))
		}
		parts = append(parts, part(fmt.Sprint(n+1), "["+strings.Join(pairs, ",")+"]"))
		root = append(root, fmt.Sprintf("$Q%x", n+1))
	}
	return multipart(append(parts, part("0", string(encode(root))))...)
}

// actionForm is what a browser posts from a form whose action is a server function when no
// JavaScript runs: a hidden field names the action.
func actionForm(size int) body {
	parts := []string{
		part("$ACTION_ID_"+actionID, ""),
		part("customer", "c-1042"),
		part("email", "ada@example.com"),
		part("quantity", "12"),
	}
	rest := size - len(multipart(append(parts, part("note", ""))...).bytes)
	return multipart(append(parts, part("note", prose(rest)))...)
}

// upload is a file upload that has nothing to do with actions. The file is noise, as compressed
// formats are.
func upload(size int) body {
	noise := make([]byte, size-400)
	rng := rand.New(rand.NewPCG(1, 2)) // fixed seed: every run sends the same bytes
	for i := range noise {
		noise[i] = byte(rng.Uint32())
	}
	file := "Content-Disposition: form-data; name=\"file\"; filename=\"report.pdf\"\r\nContent-Type: application/pdf\r\n\r\n" + string(noise)
	return multipart(part("title", "Yearly report"), file)
}

// part is a text part as a browser writes it: one header line, no media type.
func part(name, value string) string {
	return "Content-Disposition: form-data; name=\"" + name + "\"\r\n\r\n" + value
}

func multipart(parts ...string) body {
	var b bytes.Buffer
	for _, p := range parts {
		b.WriteString("--" + boundary + "\r\n" + p + "\r\n")
	}
	b.WriteString("--" + boundary + "--\r\n")
	return body{"multipart/form-data; boundary=" + boundary, b.Bytes()}
}

// encode prints v as JavaScript's JSON.stringify would: the values here need no escaping.
func encode(v any) []byte {
	b, err := json.Marshal(v)
	if err != nil {
		panic(err)
	}
	return b
}

// prose is n bytes of plain words.
func prose(n int) string {
	const words = "Please leave the parcel with the neighbours if nobody answers the door. "
	return strings.Repeat(words, n/len(words)+1)[:max(n, 0)]
}
