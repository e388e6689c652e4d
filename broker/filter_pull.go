package broker

import (
	"github.com/boostermq/booster/broker/filter"
	"github.com/boostermq/booster/codec"
	"github.com/boostermq/booster/store"
)

// pullFilter is the filter of one pull: by tags or by an expression, and on a
// retry topic while filterSupportRetry=true by the expression of the topic a
// message came from (Java: ExpressionMessageFilter,
// ExpressionForRetryMessageFilter).
type pullFilter struct {
	tags       tagFilter
	expression *filter.Expression         // nil: by tags
	data       *filter.ConsumerFilterData // whose expression it is; nil: the pull's own
	filters    *filter.Manager            // of data
	retry      filter.RetryMessageFilter  // Filters nil: no
}

// byExpression makes f the filter of a subscription by expression.
func (f *pullFilter) byExpression(x *filter.Expression) { f.expression = x }

// byData makes f the filter of a group's subscription by expression: bit maps know of it.
func (f *pullFilter) byData(d *filter.ConsumerFilterData, filters *filter.Manager) {
	f.expression, f.data, f.filters = d.Expression, d, filters
}

// byTags makes f the filter of op's subscription by tags, which f.tags has.
func (f *pullFilter) byTags(op *pullOp, filters *filter.Manager) {
	if op.conf.Broker.FilterSupportRetry && codec.IsRetryTopic(op.header.Topic) {
		f.retry = filter.RetryMessageFilter{Filters: filters, Group: op.header.ConsumerGroup}
	}
}

// clear drops what f points to and keeps its memory.
func (f *pullFilter) clear() { *f = pullFilter{tags: f.tags} }

// quick tells that f looks at tag codes only, no expression.
func (f *pullFilter) quick() bool { return f.expression == nil && f.retry.Filters == nil }

// orAll is f for the store, which looks at nothing when everything matches.
func (f *pullFilter) orAll() store.MessageFilter {
	if f.quick() && f.tags.all {
		return nil
	}
	return f
}

// MatchQueue looks at the tag code, or at the bit map if there is one.
func (f *pullFilter) MatchQueue(tagsCode, storeTimestampMs int64, bitMap []byte) bool {
	switch {
	case f.expression == nil:
		return f.tags.MatchQueue(tagsCode)
	case f.data == nil || len(bitMap) == 0:
		return true
	}
	return f.filters.MatchBitMap(f.data, storeTimestampMs, bitMap)
}

// MatchRecord looks at the properties.
func (f *pullFilter) MatchRecord(properties string) bool {
	switch {
	case f.expression != nil:
		return f.expression.MatchRecord(properties)
	case f.retry.Filters != nil:
		return f.retry.MatchRecord(properties)
	}
	return true
}

// clone is a copy of its own, for a held pull.
func (f *pullFilter) clone() *pullFilter {
	own := *f
	own.tags = *f.tags.clone()
	return &own
}
