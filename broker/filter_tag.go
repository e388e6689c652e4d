package broker

import (
	"errors"
	"slices"
	"strings"

	"github.com/boostermq/booster/codec"
)

// tagFilter lets records pass whose tag code is one of codes (Java:
// ExpressionMessageFilter for type TAG). Only hash codes are compared; the
// client compares the strings again.
type tagFilter struct {
	all   bool
	codes []int32
}

var errSubStringSplit = errors.New("subString split error")

// MatchQueue compares the low 32 bits of the queue entry's tag code.
func (f *tagFilter) MatchQueue(tagsCode int64) bool {
	return f.all || slices.Contains(f.codes, int32(tagsCode))
}

// parse takes a tag expression: "" or "*" for all, else tags divided by "||"
// (Java: FilterAPI.buildSubscriptionData). It reuses f's memory.
func (f *tagFilter) parse(expression string) error {
	f.all, f.codes = false, f.codes[:0]
	if expression == "" || expression == codec.SubscribeAll {
		f.all = true
		return nil
	}
	if strings.Trim(expression, "|") == "" && len(expression)%2 == 0 {
		return errSubStringSplit // nothing but separators: Java's split gives no part at all
	}
	for tag := range strings.SplitSeq(expression, "||") {
		if tag = strings.TrimSpace(tag); tag != "" {
			f.codes = append(f.codes, codec.JavaStringHash(tag))
		}
	}
	return nil
}

// use takes a subscription a heart-beat brought.
func (f *tagFilter) use(sub *codec.SubscriptionData) {
	f.all = sub.SubString == codec.SubscribeAll || sub.SubString == ""
	f.codes = append(f.codes[:0], sub.CodeSet...)
}

// clone is a copy of its own.
func (f *tagFilter) clone() *tagFilter { return &tagFilter{all: f.all, codes: slices.Clone(f.codes)} }

// isTagType tells whether an expression type is the tag one; absent means TAG.
func isTagType(expressionType string) bool {
	return expressionType == "" || expressionType == codec.ExpressionTypeTag
}
