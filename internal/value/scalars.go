package value

import "strconv"

// IsBigInt reports whether s is an integer as BigInt's toString(10) writes it:
// decimal digits without leading zeros, a minus sign before other than zero.
func IsBigInt(s string) bool {
	digits := s
	if len(s) > 1 && s[0] == '-' && s[1] != '0' {
		digits = s[1:]
	}
	if digits == "" || digits[0] == '0' && len(digits) > 1 {
		return false
	}
	for i := range len(digits) {
		if digits[i] < '0' || digits[i] > '9' {
			return false
		}
	}
	return true
}

// IsDate reports whether s is an instant as Date's toISOString writes it:
// YYYY-MM-DDTHH:mm:ss.sssZ, with six digits and a sign for years outside of
// 0 to 9999, on a day that exists, within the range of a Date. Source:
// ECMA-262, Date.prototype.toISOString.
func IsDate(s string) bool {
	year, rest, ok := dateYear(s)
	if !ok || len(rest) != len("-MM-DDTHH:mm:ss.sssZ") {
		return false
	}
	const shape = "-00-00T00:00:00.000Z"
	for i := range len(shape) {
		if shape[i] == '0' && (rest[i] < '0' || rest[i] > '9') || shape[i] != '0' && rest[i] != shape[i] {
			return false
		}
	}
	month, day := twoDigits(rest[1:]), twoDigits(rest[4:])
	if month < 1 || month > 12 || day < 1 || day > daysIn(year, month) {
		return false
	}
	if twoDigits(rest[7:]) > 23 || twoDigits(rest[10:]) > 59 || twoDigits(rest[13:]) > 59 {
		return false
	}
	return inDateRange(year, rest)
}

// dateYear splits off the year. Four digits have no sign, and six only where
// four would not do.
func dateYear(s string) (year int, rest string, ok bool) {
	if len(s) < 7 {
		return 0, "", false
	}
	digits := s[:4]
	signed := s[0] == '+' || s[0] == '-'
	if signed {
		digits, rest = s[1:7], s[7:]
	} else {
		rest = s[4:]
	}
	n, err := strconv.ParseUint(digits, 10, 32)
	year = int(n)
	if s[0] == '-' {
		year = -year
	}
	return year, rest, err == nil && signed == (year < 0 || year > 9999)
}

func twoDigits(s string) int { return int(s[0]-'0')*10 + int(s[1]-'0') }

// daysIn is the length of a month of the Gregorian calendar.
func daysIn(year, month int) int {
	switch month {
	case 2:
		if year%4 == 0 && (year%100 != 0 || year%400 == 0) {
			return 29
		}
		return 28
	case 4, 6, 9, 11:
		return 30
	}
	return 31
}

// inDateRange holds the end points of JavaScript's time: 100 million days
// before and after 1970 (ECMA-262, Time Values and Time Range).
func inDateRange(year int, rest string) bool {
	const first, last = "-04-20T00:00:00.000Z", "-09-13T00:00:00.000Z"
	switch year {
	case -271821:
		return rest >= first
	case 275760:
		return rest <= last
	}
	return year > -271821 && year < 275760
}

// ViewOf is the class of binary data and the size of its elements, by the
// letter that stands for it in replies and in Flight streams alike (spec
// reply-format §3, flight-format §1).
func ViewOf(letter byte) (kind string, size int) {
	switch letter {
	case 'A':
		return "ArrayBuffer", 1
	case 'O':
		return "Int8Array", 1
	case 'U':
		return "Uint8ClampedArray", 1
	case 'S':
		return "Int16Array", 2
	case 's':
		return "Uint16Array", 2
	case 'L':
		return "Int32Array", 4
	case 'l':
		return "Uint32Array", 4
	case 'G':
		return "Float32Array", 4
	case 'g':
		return "Float64Array", 8
	case 'M':
		return "BigInt64Array", 8
	case 'm':
		return "BigUint64Array", 8
	case 'V':
		return "DataView", 1
	}
	return "Uint8Array", 1 // o, and the bytes of a stream
}
