package jsonform

import (
	"fmt"
	"strconv"
	"strings"

	"github.com/actiongw/actiongw/internal/value"
)

// isoDate turns a date-time of RFC 3339 §5.6 into what Date's toISOString
// gives, which it accepts, too, with its years outside of 0 to 9999. Fractions
// of milliseconds are dropped. A leap second is none for JavaScript either.
func isoDate(s string) (string, bool) {
	if value.IsDate(s) {
		return s, true
	}
	const local = len("2026-01-02T03:04:05")
	if len(s) <= local || s[10] != 'T' && s[10] != 't' {
		return "", false
	}
	millis, zone := "000", s[local:]
	if fraction, ok := strings.CutPrefix(zone, "."); ok {
		zone = strings.TrimLeft(fraction, "0123456789")
		digits := fraction[:len(fraction)-len(zone)]
		if digits == "" {
			return "", false
		}
		millis = (digits + "00")[:3]
	}
	iso := s[:10] + "T" + s[11:local] + "." + millis + "Z"
	offset, ok := minutes(zone)
	if !ok || !value.IsDate(iso) {
		return "", false
	}
	if offset == 0 {
		return iso, true
	}
	iso = earlier(iso, offset)
	return iso, value.IsDate(iso)
}

// minutes reads a time zone: Z, or how far it is ahead of UTC.
func minutes(zone string) (int, bool) {
	if zone == "Z" || zone == "z" {
		return 0, true
	}
	if len(zone) != len("+01:00") || zone[0] != '+' && zone[0] != '-' || zone[3] != ':' {
		return 0, false
	}
	hours, err := strconv.ParseUint(zone[1:3], 10, 8)
	if err != nil || hours > 23 {
		return 0, false
	}
	rest, err := strconv.ParseUint(zone[4:], 10, 8)
	if err != nil || rest > 59 {
		return 0, false
	}
	offset := int(hours)*60 + int(rest)
	if zone[0] == '-' {
		offset = -offset
	}
	return offset, true
}

// earlier is the instant some minutes, less than a day's, before iso, whose
// year has four digits.
func earlier(iso string, offset int) string {
	number := func(s string) int {
		n, _ := strconv.Atoi(s)
		return n
	}
	year, month, day := number(iso[:4]), number(iso[5:7]), number(iso[8:10])
	minute := number(iso[11:13])*60 + number(iso[14:16]) - offset
	switch {
	case minute < 0:
		minute += 24 * 60
		year, month, day = dayBefore(year, month, day)
	case minute >= 24*60:
		minute -= 24 * 60
		year, month, day = dayAfter(year, month, day)
	}
	return fmt.Sprintf("%sT%02d:%02d%s", date(year, month, day), minute/60, minute%60, iso[16:])
}

func dayBefore(year, month, day int) (y, m, d int) {
	switch {
	case day > 1:
		return year, month, day - 1
	case month > 1:
		month--
	default:
		year, month = year-1, 12
	}
	// The last day of the month; there is always a 28th.
	day = 31
	for !exists(year, month, day) {
		day--
	}
	return year, month, day
}

func dayAfter(year, month, day int) (y, m, d int) {
	switch {
	case exists(year, month, day+1):
		return year, month, day + 1
	case month < 12:
		return year, month + 1, 1
	}
	return year + 1, 1, 1
}

func exists(year, month, day int) bool {
	return value.IsDate(date(year, month, day) + "T00:00:00.000Z")
}

// date writes a day, with years outside of 0 to 9999 as JavaScript does.
func date(year, month, day int) string {
	if year < 0 || year > 9999 {
		return fmt.Sprintf("%+07d-%02d-%02d", year, month, day)
	}
	return fmt.Sprintf("%04d-%02d-%02d", year, month, day)
}
