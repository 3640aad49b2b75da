package main

import (
	"encoding/base64"
	"encoding/json"
	"errors"
	"fmt"
	"strconv"
	"strings"
)

// harFile is what a HAR file says about requests.
type harFile struct {
	Log struct {
		Entries []struct {
			Request harRequest `json:"request"`
		} `json:"entries"`
	} `json:"log"`
}

type harRequest struct {
	Method  string `json:"method"`
	URL     string `json:"url"`
	Headers []struct {
		Name  string `json:"name"`
		Value string `json:"value"`
	} `json:"headers"`
	PostData *struct {
		Text     string `json:"text"`
		Encoding string `json:"encoding"`
	} `json:"postData"`
}

// readHAR returns the POST requests of a HAR file. Which of them are calls is
// for the gate to say.
func readHAR(input []byte) ([]*captured, error) {
	var file harFile
	if err := json.Unmarshal(input, &file); err != nil {
		return nil, fmt.Errorf("the input begins like JSON and is no HAR file: %w", err)
	}
	var all []*captured
	for i, entry := range file.Log.Entries {
		if entry.Request.Method != "POST" {
			continue
		}
		c, err := entry.Request.captured()
		if err != nil {
			return nil, fmt.Errorf("entry %d of the HAR file: %w", i+1, err)
		}
		all = append(all, c)
	}
	if len(all) == 0 {
		return nil, errors.New("the HAR file has no POST request: record while the page calls an action, and save with content")
	}
	return all, nil
}

func (h *harRequest) captured() (*captured, error) {
	var body []byte
	if h.PostData != nil {
		body = []byte(h.PostData.Text)
		if h.PostData.Encoding == "base64" {
			var err error
			if body, err = base64.StdEncoding.DecodeString(h.PostData.Text); err != nil {
				return nil, errors.New("the body is no base64, as its encoding says")
			}
		}
	}
	var headers [][2]string
	length := ""
	for _, line := range h.Headers {
		headers = append(headers, [2]string{line.Name, line.Value})
		if strings.EqualFold(line.Name, "content-length") {
			length = line.Value
		}
	}
	c, err := newCaptured(h.Method, h.URL, headers, body)
	if err != nil {
		return nil, err
	}
	if n, err := strconv.Atoi(length); err == nil && n != len(body) {
		c.notes = append(c.notes, fmt.Sprintf("the body had %d bytes and the HAR file holds %d: browsers leave out files and whatever is no text, so the verdict may be another", n, len(body)))
	}
	return c, nil
}
