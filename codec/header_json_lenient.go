package codec

import (
	"fmt"
	"math"
	"strconv"

	"github.com/boostermq/booster/codec/fastjson"
)

// maxLenientHeaderBytes bounds what is read with a tree, which takes a multiple
// of its text. Properties, the longest field, end at 32767 bytes.
const maxLenientHeaderBytes = 256 << 10

// decodeJSONHeaderLenient reads whatever else fastjson takes for a header:
// names without quotes or in single quotes, numbers in strings, comments,
// nulls, escapes of its own. Its strings are copies.
func (c *Command) decodeJSONHeaderLenient(b []byte) error {
	if len(b) > maxLenientHeaderBytes {
		return fmt.Errorf("%w: %d bytes of no plain JSON", ErrHeaderCorrupt, len(b))
	}
	tree, err := fastjson.Parse(b)
	if err != nil {
		return fmt.Errorf("%w: %w", ErrHeaderCorrupt, err)
	}
	if tree.Kind != fastjson.Object {
		return fmt.Errorf("%w: no JSON object", ErrHeaderCorrupt)
	}
	body, serialize := c.Body, c.Serialize
	c.Reset()
	c.Body, c.Serialize = body, serialize
	for i := range tree.Len() {
		key, value := tree.Member(i)
		if err := c.setLenient(key.Text, value); err != nil {
			return fmt.Errorf("%w: %s: %w", ErrHeaderCorrupt, key.Text, err)
		}
	}
	return nil
}

func (c *Command) setLenient(key string, v fastjson.Value) (err error) {
	switch key {
	case "code":
		return setLenientInt(&c.Code, v)
	case "flag":
		return setLenientInt(&c.Flag, v)
	case "opaque":
		return setLenientInt(&c.Opaque, v)
	case "version":
		return setLenientInt(&c.Version, v)
	case "language":
		c.Language, _ = ParseLanguage(v.Text)
	case "remark":
		c.Remark, _, err = lenientText(v)
	case "extFields":
		return c.setLenientExt(v)
	}
	return err
}

func setLenientInt(field *int32, v fastjson.Value) error {
	switch {
	case v.Kind == fastjson.Null:
		return nil
	case v.Kind == fastjson.Bool:
		*field = 0
		if v.Text == "true" {
			*field = 1
		}
		return nil
	case v.IsContainer():
		return fmt.Errorf("a number is expected")
	}
	n, err := strconv.ParseInt(v.Text, 10, 32)
	if err != nil {
		f, ferr := strconv.ParseFloat(v.Text, 64)
		if ferr != nil || f != math.Trunc(f) || math.Abs(f) > math.MaxInt32 {
			return err
		}
		n = int64(f)
	}
	*field = int32(n)
	return nil
}

func (c *Command) setLenientExt(v fastjson.Value) error {
	if v.Kind == fastjson.Null {
		c.Ext = nil
		return nil
	}
	if v.Kind != fastjson.Object {
		return fmt.Errorf("an object is expected")
	}
	if v.Len() > maxExtFields {
		return fmt.Errorf("more than %d fields", maxExtFields)
	}
	c.Ext = make(Fields, 0, v.Len())
	for i := range v.Len() {
		key, value := v.Member(i)
		name, _, err := lenientText(key)
		if err != nil {
			return err
		}
		text, present, err := lenientText(value)
		if err != nil {
			return err
		}
		if present {
			c.Ext = append(c.Ext, Field{Key: name, Value: text})
		}
	}
	return nil
}

// lenientText is the value as a string; null is absent, a container its text.
func lenientText(v fastjson.Value) (text string, present bool, err error) {
	if !v.IsContainer() {
		return v.Text, v.Kind != fastjson.Null, nil
	}
	b, err := fastjson.Marshal(v)
	return string(b), true, err
}
