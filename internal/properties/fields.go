package properties

import (
	"encoding"
	"fmt"
	"reflect"
	"strconv"
	"strings"
)

// Config structs carry tags of the form
//
//	ListenPort int32 `prop:"listenPort,important,alias=oldName"`
//
// The first word is Java's property name; important marks what `-m` prints;
// alias is a former name that is still read and never written. Fields of
// embedded and nested structs count as if they stood in the outer one, in
// place. Fields without a tag, and tag "-", are not properties.
//
// Types: string, bool, int and int32 (Java int: 32 bits), int64 (Java long),
// float64 (Java double), and types with UnmarshalText and MarshalText.

// field is one property of a struct.
type field struct {
	name      string
	aliases   []string
	important bool
	value     reflect.Value
}

// fieldsOf lists the properties of structs in declaration order.
func fieldsOf(structs []any) ([]field, error) {
	var fields []field
	for _, s := range structs {
		v := reflect.ValueOf(s)
		if v.Kind() != reflect.Pointer || v.IsNil() || v.Elem().Kind() != reflect.Struct {
			return nil, fmt.Errorf("properties: want a pointer to a struct, have %T", s)
		}
		var err error
		if fields, err = fieldsAppend(fields, v.Elem()); err != nil {
			return nil, err
		}
	}
	return fields, nil
}

func fieldsAppend(fields []field, v reflect.Value) ([]field, error) {
	for i := range v.NumField() {
		sf := v.Type().Field(i)
		tag, tagged := sf.Tag.Lookup("prop")
		switch {
		case tag == "-":
		case tagged && !sf.IsExported():
			return nil, fmt.Errorf("properties: tagged field %s.%s is not exported", v.Type(), sf.Name)
		case tagged:
			f, err := newField(tag, v.Field(i))
			if err != nil {
				return nil, fmt.Errorf("properties: field %s.%s: %w", v.Type(), sf.Name, err)
			}
			fields = append(fields, f)
		case sf.Type.Kind() == reflect.Struct && (sf.IsExported() || sf.Anonymous):
			var err error
			if fields, err = fieldsAppend(fields, v.Field(i)); err != nil {
				return nil, err
			}
		}
	}
	return fields, nil
}

func newField(tag string, v reflect.Value) (field, error) {
	name, options, _ := strings.Cut(tag, ",")
	f := field{name: name, value: v}
	for option := range strings.SplitSeq(options, ",") {
		alias, isAlias := strings.CutPrefix(option, "alias=")
		switch {
		case isAlias:
			f.aliases = append(f.aliases, alias)
		case option == "important":
			f.important = true
		case option != "":
			return f, fmt.Errorf("unknown option %q in tag %q", option, tag)
		}
	}
	if _, ok := v.Addr().Interface().(encoding.TextUnmarshaler); ok {
		return f, nil
	}
	switch v.Kind() {
	case reflect.String, reflect.Bool, reflect.Int, reflect.Int32, reflect.Int64, reflect.Float64:
		return f, nil
	}
	return f, fmt.Errorf("type %s cannot be a property", v.Type())
}

// parse converts text to the type of f.
func (f field) parse(text string) (reflect.Value, error) {
	out := reflect.New(f.value.Type()).Elem()
	if u, ok := out.Addr().Interface().(encoding.TextUnmarshaler); ok {
		return out, u.UnmarshalText([]byte(strings.TrimSpace(text)))
	}
	if out.Kind() == reflect.String {
		out.SetString(text)
		return out, nil
	}
	text = strings.TrimSpace(text)
	switch out.Kind() {
	case reflect.Bool:
		yes := strings.EqualFold(text, "true")
		if !yes && !strings.EqualFold(text, "false") {
			return out, fmt.Errorf("want true or false")
		}
		out.SetBool(yes)
	case reflect.Int, reflect.Int32:
		n, err := strconv.ParseInt(text, 10, 32)
		if err != nil {
			return out, fmt.Errorf("want an integer from -2147483648 to 2147483647")
		}
		out.SetInt(n)
	case reflect.Int64:
		n, err := strconv.ParseInt(text, 10, 64)
		if err != nil {
			return out, fmt.Errorf("want an integer from -9223372036854775808 to 9223372036854775807")
		}
		out.SetInt(n)
	default:
		x, err := strconv.ParseFloat(text, 64)
		if err != nil {
			return out, fmt.Errorf("want a number")
		}
		out.SetFloat(x)
	}
	return out, nil
}

// format renders the value of f as Java prints it.
func (f field) format() string {
	switch m := f.value.Addr().Interface().(type) {
	case encoding.TextMarshaler:
		if text, err := m.MarshalText(); err == nil {
			return string(text)
		}
		return fmt.Sprint(f.value.Interface())
	case encoding.TextUnmarshaler:
		return fmt.Sprint(f.value.Interface())
	}
	if f.value.Kind() == reflect.Float64 {
		return formatDouble(f.value.Float())
	}
	return fmt.Sprint(f.value.Interface())
}

// formatDouble renders a double so that whole numbers keep ".0", as Java does.
func formatDouble(x float64) string {
	text := strconv.FormatFloat(x, 'g', -1, 64)
	if !strings.ContainsAny(text, ".eEnN") {
		text += ".0"
	}
	return text
}
