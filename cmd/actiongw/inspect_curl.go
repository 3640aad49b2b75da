package main

import (
	"errors"
	"fmt"
	"strconv"
	"strings"
	"unicode/utf8"
)

// readCurl reads a curl command as the developer tools of browsers copy it
// (“Copy as cURL”, for bash). No file that it names is read.
func readCurl(command string) (*captured, error) {
	words, err := splitBash(command)
	if err != nil {
		return nil, err
	}
	c := curlCommand{}
	if err := c.parse(words[1:]); err != nil {
		return nil, err
	}
	return c.captured()
}

// curlCommand is what the options of curl say about the request.
type curlCommand struct {
	method, url string
	headers     [][2]string
	data        []string
	hasData     bool
}

// curlFlags are the options without a value that browsers and people add, and
// that say nothing about the request.
const curlFlags = " --compressed --insecure --location --silent --show-error --verbose --include --fail --globoff --path-as-is --http1.0 --http1.1 --http2 --http3 --no-buffer "

func (c *curlCommand) parse(words []string) error {
	for len(words) > 0 {
		word := words[0]
		words = words[1:]
		switch {
		case !strings.HasPrefix(word, "-") || word == "-":
			if c.url != "" {
				return errors.New("the curl command has two addresses: quote each word that has a space in it")
			}
			c.url = word
			continue
		case strings.Contains(curlFlags, " "+word+" ") || strings.Trim(word, "-kLsSvifgN") == "":
			continue
		case word == "--":
			continue
		}
		name, value := word, ""
		if !strings.HasPrefix(word, "--") && len(word) > 2 {
			name, value = word[:2], word[2:]
		} else if len(words) == 0 {
			return fmt.Errorf("the curl command ends behind %s", strconv.Quote(cut(word)))
		} else {
			value, words = words[0], words[1:]
		}
		if err := c.option(name, value); err != nil {
			return err
		}
	}
	return nil
}

func (c *curlCommand) option(name, value string) error {
	switch name {
	case "-X", "--request":
		c.method = value
	case "--url":
		c.url = value
	case "-H", "--header":
		c.header(value)
	case "-b", "--cookie":
		c.headers = append(c.headers, [2]string{"Cookie", value})
	case "-A", "--user-agent":
		c.headers = append(c.headers, [2]string{"User-Agent", value})
	case "-e", "--referer":
		c.headers = append(c.headers, [2]string{"Referer", value})
	case "-d", "--data", "--data-ascii", "--data-binary", "--data-raw":
		if strings.HasPrefix(value, "@") && name != "--data-raw" {
			return errors.New("the body is in a file that the curl command names, and inspect reads none: give it the raw request or a HAR file")
		}
		c.data, c.hasData = append(c.data, value), true
	case "-F", "--form", "--data-urlencode", "--json", "-T", "--upload-file", "-K", "--config":
		return fmt.Errorf("curl's %s makes a body that is not in the command: give the body with --data-raw, or inspect the raw request", name)
	case "-o", "--output", "-m", "--max-time", "--connect-timeout", "-x", "--proxy", "--resolve", "--cacert", "-w", "--write-out", "--connect-to":
	default:
		return fmt.Errorf("unknown option %s of curl: remove it if it says nothing about the request", strconv.Quote(cut(name)))
	}
	return nil
}

// header reads `Name: value`; `Name:` removes a header and `Name;` sends an
// empty one.
func (c *curlCommand) header(line string) {
	if name, value, ok := strings.Cut(line, ":"); ok {
		if value = strings.TrimSpace(value); value != "" {
			c.headers = append(c.headers, [2]string{name, value})
		}
	} else if name, ok := strings.CutSuffix(line, ";"); ok {
		c.headers = append(c.headers, [2]string{name, ""})
	}
}

func (c *curlCommand) captured() (*captured, error) {
	if !strings.Contains(c.url, "://") {
		c.url = "http://" + c.url
	}
	if c.method == "" {
		c.method = "GET"
		if c.hasData {
			c.method = "POST"
		}
	}
	if c.hasData && !c.has("Content-Type") {
		c.headers = append(c.headers, [2]string{"Content-Type", "application/x-www-form-urlencoded"})
	}
	return newCaptured(c.method, c.url, c.headers, []byte(strings.Join(c.data, "&")))
}

func (c *curlCommand) has(name string) bool {
	for _, h := range c.headers {
		if strings.EqualFold(h[0], name) {
			return true
		}
	}
	return false
}

// splitBash splits a command into words as bash does, without running or
// replacing anything: '…', "…", $'…', backslashes.
func splitBash(s string) ([]string, error) {
	var words []string
	var word []byte
	started := false
	for i := 0; i < len(s); {
		rest := s[i:]
		switch c := s[i]; {
		case strings.HasPrefix(rest, "\\\n"):
			i += 2
		case strings.HasPrefix(rest, "\\\r\n"):
			i += 3
		case strings.IndexByte(" \t\r\n", c) >= 0:
			if started {
				words, word, started = append(words, string(word)), nil, false
			}
			i++
		case strings.IndexByte(";|&<>()", c) >= 0:
			if len(words) > 0 && strings.TrimLeft(rest, ";& \t\r\n") == "" {
				i = len(s) // “Copy all as cURL” ends each command so
				continue
			}
			return nil, errors.New("the input holds more than one curl command: inspect them one by one")
		case c == '^' && !started:
			return nil, errors.New("this curl command is quoted for cmd: copy it as cURL for bash")
		default:
			text, n, err := bashPiece(rest)
			if err != nil {
				return nil, err
			}
			word, started, i = append(word, text...), true, i+n
		}
	}
	if started {
		words = append(words, string(word))
	}
	if len(words) == 0 || words[0] != "curl" {
		return nil, errors.New("the command is not curl")
	}
	return words, nil
}

// bashPiece reads one quoted text or one character outside of quotes, and says
// how long it was.
func bashPiece(s string) (text []byte, n int, err error) {
	switch {
	case s[0] == '\'':
		end := strings.IndexByte(s[1:], '\'')
		if end < 0 {
			return nil, 0, errQuoteOpen
		}
		return []byte(s[1 : 1+end]), end + 2, nil
	case s[0] == '"':
		return bashDouble(s)
	case strings.HasPrefix(s, "$'"):
		return bashANSI(s)
	case s[0] == '\\' && len(s) > 1:
		return []byte{s[1]}, 2, nil
	}
	return []byte{s[0]}, 1, nil
}

var errQuoteOpen = errors.New("a quote in the curl command is not closed: copy the whole command")

func bashDouble(s string) (text []byte, n int, err error) {
	for i := 1; i < len(s); i++ {
		switch {
		case s[i] == '"':
			return text, i + 1, nil
		case s[i] == '\\' && i+1 < len(s) && strings.IndexByte("$`\"\\\n", s[i+1]) >= 0:
			i++
			if s[i] != '\n' {
				text = append(text, s[i])
			}
		default:
			text = append(text, s[i])
		}
	}
	return nil, 0, errQuoteOpen
}

// bashANSI reads $'…'.
func bashANSI(s string) (text []byte, n int, err error) {
	for i := 2; i < len(s); {
		switch {
		case s[i] == '\'':
			return text, i + 1, nil
		case s[i] == '\\' && i+1 < len(s):
			piece, size := bashEscape(s[i+1:])
			text, i = append(text, piece...), i+1+size
		default:
			text, i = append(text, s[i]), i+1
		}
	}
	return nil, 0, errQuoteOpen
}

// bashEscape reads what follows a backslash in $'…', and says how long it was.
func bashEscape(s string) (text []byte, n int) {
	if at := strings.IndexByte("abefnrtv", s[0]); at >= 0 {
		return []byte{"\a\b\x1b\f\n\r\t\v"[at]}, 1
	}
	most, base, skip := 0, 16, 1
	switch c := s[0]; {
	case c == 'x':
		most = 2
	case c == 'u':
		most = 4
	case c == 'U':
		most = 8
	case c >= '0' && c <= '7':
		most, base, skip = 3, 8, 0
	default: // \\ \' \" \? and what bash does not know
		if strings.IndexByte(`\'"?`, c) >= 0 {
			return []byte{c}, 1
		}
		return []byte{'\\', c}, 1
	}
	code, digits := uint64(0), 0
	for digits < most && skip+digits < len(s) {
		d, err := strconv.ParseUint(s[skip+digits:skip+digits+1], base, 8)
		if err != nil {
			break
		}
		code, digits = code*uint64(base)+d, digits+1
	}
	switch {
	case digits == 0:
		return []byte{'\\', s[0]}, 1
	case s[0] == 'u' || s[0] == 'U':
		return utf8.AppendRune(nil, rune(code)), skip + digits
	}
	return []byte{byte(code)}, skip + digits
}
