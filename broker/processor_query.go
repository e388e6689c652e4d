package broker

import (
	"strconv"

	"github.com/boostermq/booster/codec"
	"github.com/boostermq/booster/remoting"
)

// queryProcessor serves look-ups of single messages (Java: QueryMessageProcessor).
type queryProcessor struct{ b *Controller }

// queryMessage serves 12 QUERY_MESSAGE: records by index key.
//
// Behavior: with ext _UNIQUE_KEY_QUERY=true the key is a client's message id and
// at most defaultQueryMaxNum records are wanted. Nothing found → 22.
func (p *queryProcessor) queryMessage(r *remoting.Request) {
	var h codec.QueryMessageRequestHeader
	if !decodeHeader(r, &h) || refused(r, checkTopic(h.Topic)) {
		return
	}
	maxNum := int(h.MaxNum)
	if r.Ext.Get(codec.UniqueMsgQueryFlag) == "true" {
		maxNum = p.b.Config().Store.DefaultQueryMaxNum
	}
	res := p.b.store.QueryMessage(h.Topic, h.Key, maxNum, h.BeginTimestampMs, h.EndTimestampMs)
	header := &codec.QueryMessageResponseHeader{
		IndexLastUpdateTimestampMs: res.IndexLastUpdateTimestamp, IndexLastUpdatePhyOffset: res.IndexLastUpdatePhyOffset,
	}
	body := joinRecords(res.Records)
	if len(body) == 0 {
		r.Reply(&codec.Command{Code: codec.QueryNotFound, Remark: "can not find message, maybe time range not correct", Header: header, Ext: emptyFields})
		return
	}
	r.Reply(&codec.Command{Code: codec.Success, Header: header, Ext: emptyFields, Body: body})
}

// viewMessageByID serves 33 VIEW_MESSAGE_BY_ID: the record at a physical offset.
//
// Differences from Java: an offset inside a record is refused, its bytes are not
// taken for a record.
func (p *queryProcessor) viewMessageByID(r *remoting.Request) {
	var h codec.ViewMessageRequestHeader
	if err := h.DecodeFields(r.Ext); err != nil {
		r.ReplyCode(codec.SystemError, err.Error())
		return
	}
	record, ok := p.b.store.LookMessageByOffset(h.Offset)
	if !ok {
		r.ReplyCode(codec.SystemError, "can not find message by the offset, "+strconv.FormatInt(h.Offset, 10))
		return
	}
	replyBody(r, record)
}

func joinRecords(records [][]byte) []byte {
	size := 0
	for _, rec := range records {
		size += len(rec)
	}
	body := make([]byte, 0, size)
	for _, rec := range records {
		body = append(body, rec...)
	}
	return body
}
