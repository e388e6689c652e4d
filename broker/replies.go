package broker

import (
	"errors"

	"github.com/boostermq/booster/codec"
	"github.com/boostermq/booster/codec/fastjson"
	"github.com/boostermq/booster/remoting"
)

// Refusal is an answer that ends a request: a response code and its remark.
// A nil *Refusal means go on.
type Refusal struct {
	Code   int32
	Remark string
}

// faqURL ends the remarks that tell a client what to look up (Java:
// FAQUrl.suggestTodo); the newline comes first.
const faqURL = "\nSee http://rocketmq.apache.org/docs/faq/ for further details."

// Remarks that more than one processor answers.
const (
	// remarkNotSet is what Java leaves in answers whose handler forgets the
	// remark; the successful 17 really carries it.
	remarkNotSet       = "not set any response code"
	remarkOverload     = "[OVERLOAD]system busy, start flow control for a while"
	remarkSlaveRefuses = "Can't modify topic or subscription group from slave broker, please execute it from master broker."
	remarkNoSQL        = "The broker does not support consumer to filter message by "
)

// emptyFields is the ext map of answers that have a header without values:
// "extFields":{}, not none. Shared: nobody appends to it.
var emptyFields = codec.Fields{}

// replyHeader answers Success with the fields of header.
func replyHeader(r *remoting.Request, header codec.CustomHeader) {
	r.Reply(&codec.Command{Code: codec.Success, Header: header, Ext: emptyFields})
}

// replyBody answers Success with body and no ext map.
func replyBody(r *remoting.Request, body []byte) {
	r.Reply(&codec.Command{Code: codec.Success, Body: body})
}

// replyRefused answers code and remark with an empty ext map, as Java does
// where the answer has a header class.
func replyRefused(r *remoting.Request, code int32, remark string) {
	r.Reply(&codec.Command{Code: code, Remark: remark, Ext: emptyFields})
}

// checkNames refuses a group or topic of a request that is no name. Unlike a
// send (codec.ValidateTopic) it lets topics pass that are too long to be
// written: %RETRY% of a long group, which its consumers ask for.
func checkNames(group, topic string) *Refusal {
	if refusal := checkGroup(group); refusal != nil {
		return refusal
	}
	return checkTopic(topic)
}

func checkGroup(group string) *Refusal {
	if remark := codec.ValidateGroup(group); remark != "" {
		return &Refusal{codec.SystemError, remark}
	}
	return nil
}

func checkTopic(topic string) *Refusal {
	if remark := codec.ValidateTopic(topic); remark != "" && codec.ValidateGroup(topic) != "" {
		return &Refusal{codec.SystemError, remark}
	}
	return nil
}

// decodeHeader reads the typed header of r; on failure it answers and returns false.
func decodeHeader(r *remoting.Request, header interface{ DecodeFields(codec.Fields) error }) bool {
	if err := header.DecodeFields(r.Ext); err != nil {
		replyRefused(r, codec.SystemError, err.Error())
		return false
	}
	return true
}

// hasFields tells whether a header that lacks mandatory fields has at least
// those that are needed: Java only logs the others.
func hasFields(err error, ext codec.Fields, needed ...string) bool {
	if !errors.Is(err, codec.ErrFieldMissing) {
		return false
	}
	for _, key := range needed {
		if ext.Get(key) == "" {
			return false
		}
	}
	return true
}

// refused answers refusal, if there is one.
func refused(r *remoting.Request, refusal *Refusal) bool {
	if refusal == nil {
		return false
	}
	replyRefused(r, refusal.Code, refusal.Remark)
	return true
}

// refusedPlain is refused for answers without a header class: no ext map.
func refusedPlain(r *remoting.Request, refusal *Refusal) bool {
	if refusal == nil {
		return false
	}
	r.ReplyCode(refusal.Code, refusal.Remark)
	return true
}

// decodeBody reads the JSON body of r; on failure it answers and returns false.
func decodeBody(r *remoting.Request, body any) bool {
	if err := fastjson.Unmarshal(r.Body, body); err != nil {
		r.ReplyCode(codec.SystemError, "request body: "+err.Error())
		return false
	}
	return true
}
