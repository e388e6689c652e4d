package broker

import (
	"math"
	"strings"

	"github.com/boostermq/booster/codec"
	"github.com/boostermq/booster/remoting"
)

// cloneGroupOffset serves 314 CLONE_GROUP_OFFSET.
//
// Behavior: the destination group gets the source group's offsets in a topic, or
// in all topics the source has offsets in. Topics without a config are left out,
// and unless offline those the destination does not subscribe while it is online.
func (p *adminProcessor) cloneGroupOffset(r *remoting.Request) {
	var h codec.CloneGroupOffsetRequestHeader
	if !decodePlain(r, &h) || refusedPlain(r, checkGroup(h.SrcGroup)) || refusedPlain(r, checkGroup(h.DestGroup)) {
		return
	}
	var topics []string
	if isBlank(h.Topic) {
		topics = p.b.offsets.WhichTopicByConsumer(h.SrcGroup)
	} else if refusedPlain(r, checkTopic(h.Topic)) {
		return
	} else {
		topics = []string{h.Topic}
	}
	for _, topic := range topics {
		if p.b.topics.Select(topic) == nil || !h.Offline && p.b.noLongerSubscribes(h.DestGroup, topic) {
			continue
		}
		p.b.offsets.CloneOffset(h.SrcGroup, h.DestGroup, topic)
	}
	r.ReplyCode(codec.Success, "")
}

// queryCorrectionOffset serves 308 QUERY_CORRECTION_OFFSET.
//
// Behavior: for each queue of a topic the lowest offset of all groups but
// filterGroups (divided by commas); 2^63−1 where that is above the offset of
// compareGroup.
//
// Differences from Java: filterGroups keep their offsets, Java deletes them; a
// queue only compareGroup has an offset in is left out, Java fails there.
func (p *adminProcessor) queryCorrectionOffset(r *remoting.Request) {
	var h codec.QueryCorrectionOffsetHeader
	if !decodePlain(r, &h) || refusedPlain(r, checkNames(h.CompareGroup, h.Topic)) {
		return
	}
	var filtered []string
	if !isBlank(h.FilterGroups) {
		filtered = strings.Split(h.FilterGroups, ",")
	}
	for _, group := range filtered {
		if refusedPlain(r, checkGroup(group)) {
			return
		}
	}
	minInStore := func(queueID int32) int64 { return p.b.store.MinOffsetInQueue(h.Topic, queueID) }
	lowest := p.b.offsets.MinOffsetInAllGroups(h.Topic, filtered, minInStore)
	for queueID, compared := range p.b.offsets.QueryAll(h.CompareGroup, h.Topic) {
		if low, ok := lowest[queueID]; ok && low > compared {
			lowest[queueID] = math.MaxInt64
		}
	}
	replyJSON(r, &codec.QueryCorrectionOffsetBody{CorrectionOffsets: lowest})
}
