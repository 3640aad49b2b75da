package value

// AppendChildren appends the values that v holds, one level deep and in order:
// none for scalars, files and bytes. Some may be nil.
func AppendChildren(to []Value, v Value) []Value {
	switch v := v.(type) {
	case *Array:
		return append(to, v.Items...)
	case *Object:
		for _, m := range v.Members {
			to = append(to, m.Value)
		}
	case *Map:
		for _, e := range v.Entries {
			to = append(to, e.Key, e.Value)
		}
	case *Set:
		return append(to, v.Items...)
	case *Iterator:
		return append(to, v.Items...)
	case *FormData:
		for _, e := range v.Entries {
			to = append(to, e.Value)
		}
	case *Promise:
		return append(to, v.Value)
	case *Stream:
		return append(to, v.Chunks...)
	case *Async:
		return append(append(to, v.Items...), v.Return)
	case *ServerReference:
		// A nil *Array in a Value would not be nil.
		if v.Bound != nil {
			return append(to, v.Bound)
		}
	case *Element:
		return append(to, v.Type, v.Key, v.Props)
	case *Lazy:
		return append(to, v.Value)
	}
	return to
}
