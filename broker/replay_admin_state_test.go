package broker

import (
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/boostermq/booster/codec"
	"github.com/boostermq/booster/codec/fastjson"
	"github.com/boostermq/booster/store"
)

// recordedState brings a broker where the recorded one was: of a recording that
// began in the middle of a broker's life the answers tell what was there.
type recordedState struct {
	t       *testing.T
	b       *Controller
	clients map[string]*peer                       // by client id
	stored  map[string]map[codec.MessageQueue]bool // offsets a group had, by 317
}

// newRecordedState puts in place what was there before the recording: topics,
// groups and clients.
func newRecordedState(t *testing.T, b *Controller, frames []*recordedFrame) *recordedState {
	t.Helper()
	s := &recordedState{t: t, b: b, clients: map[string]*peer{}, stored: map[string]map[codec.MessageQueue]bool{}}
	made := map[string]bool{} // within the recording
	for _, f := range frames {
		switch {
		case f.answer == nil:
		case f.cmd.Code == codec.UpdateAndCreateTopic:
			made[f.cmd.Ext.Get("topic")] = true
		case f.cmd.Code == codec.UpdateAndCreateSubscriptionGroup:
			var group codec.SubscriptionGroupConfig
			require.NoError(t, fastjson.Unmarshal(f.cmd.Body, &group))
			made[group.GroupName] = true
		}
	}
	for _, f := range frames {
		if f.answer != nil {
			s.addTables(f, made)
		}
	}
	return s
}

func (s *recordedState) decode(f *recordedFrame, body any) {
	s.t.Helper()
	require.NoError(s.t, fastjson.Unmarshal(f.answer.cmd.Body, body))
}

func (s *recordedState) addTables(f *recordedFrame, made map[string]bool) {
	switch f.cmd.Code {
	case codec.GetAllTopicConfig:
		var w codec.TopicConfigSerializeWrapper
		s.decode(f, &w)
		for name, topic := range w.TopicConfigTable {
			if !made[name] && s.b.topics.Select(name) == nil {
				require.NoError(s.t, s.b.topics.Update(topic))
			}
		}
	case codec.GetAllSubscriptionGroupConfig:
		var w codec.SubscriptionGroupWrapper
		s.decode(f, &w)
		for name, group := range w.SubscriptionGroupTable {
			if !made[name] && s.b.groups.Peek(name) == nil {
				require.NoError(s.t, s.b.groups.Update(group))
			}
		}
	case codec.GetBrokerConsumeStats:
		var list codec.ConsumeStatsList
		s.decode(f, &list)
		for _, one := range list.ConsumeStatsList {
			for group, stats := range one {
				s.stored[group] = map[codec.MessageQueue]bool{}
				for _, of := range stats {
					for mq := range of.OffsetTable {
						s.stored[group][mq] = true
						s.commit(group, mq, 0)
					}
				}
			}
		}
	case codec.GetAllProducerInfo:
		var table codec.ProducerTableInfo
		s.decode(f, &table)
		for group, clients := range table.Data {
			for _, c := range clients {
				s.heartbeat(codec.HeartbeatData{ClientID: c.ClientID, ProducerDataSet: []codec.ProducerData{{GroupName: group}}})
			}
		}
	case codec.GetConsumerConnectionList:
		s.addConsumers(f)
	}
}

// addConsumers brings a group online as an answer to 203 showed it.
func (s *recordedState) addConsumers(f *recordedFrame) {
	var body codec.ConsumerConnection
	if f.answer.cmd.Code == codec.Success {
		s.decode(f, &body)
	}
	for _, c := range body.ConnectionSet {
		data := codec.ConsumerData{
			GroupName: f.cmd.Ext.Get("consumerGroup"), ConsumeType: body.ConsumeType, MessageModel: body.MessageModel, ConsumeFromWhere: body.ConsumeFromWhere,
		}
		for _, sub := range body.SubscriptionTable {
			data.SubscriptionDataSet = append(data.SubscriptionDataSet, sub)
		}
		s.heartbeat(codec.HeartbeatData{ClientID: c.ClientID, ConsumerDataSet: []codec.ConsumerData{data}})
	}
}

func (s *recordedState) heartbeat(data codec.HeartbeatData) {
	s.t.Helper()
	p := s.clients[data.ClientID]
	if p == nil {
		p = dial(s.t, s.b)
		s.clients[data.ClientID] = p
	}
	body, err := fastjson.Marshal(&data)
	require.NoError(s.t, err)
	requireAnswer(s.t, p.do(codec.HeartBeat, nil, body), codec.Success, "")
}

// prepare brings queues and offsets to where the recorded answer shows them.
func (s *recordedState) prepare(f *recordedFrame) {
	if f.answer == nil || f.answer.cmd.Code != codec.Success {
		return
	}
	switch f.cmd.Code {
	case codec.GetConsumeStats:
		var stats codec.ConsumeStats
		s.decode(f, &stats)
		s.follow(f.cmd.Ext.Get("consumerGroup"), stats.OffsetTable)
	case codec.GetBrokerConsumeStats:
		var list codec.ConsumeStatsList
		s.decode(f, &list)
		for _, one := range list.ConsumeStatsList {
			for group, stats := range one {
				for _, of := range stats {
					s.follow(group, of.OffsetTable)
				}
			}
		}
	case codec.GetTopicStatsInfo:
		var table codec.TopicStatsTable
		s.decode(f, &table)
		for mq, o := range table.OffsetTable {
			s.fill(mq, o.MaxOffset)
		}
	case codec.InvokeBrokerToResetOffset:
		var body codec.ResetOffsetBody
		s.decode(f, &body)
		if f.cmd.Ext.Get("timestamp") == "-1" {
			for mq, end := range body.OffsetTable {
				s.fill(mq, end)
			}
		}
	case codec.QueryTopicConsumeByWho:
		var list codec.GroupList
		s.decode(f, &list)
		for _, group := range list.GroupList {
			if s.stored[group] == nil { // the broker's own, which 317 does not show
				s.commit(group, codec.MessageQueue{Topic: f.cmd.Ext.Get("topic")}, 0)
			}
		}
	case codec.ViewBrokerStatsData:
		s.b.stats.Get(f.cmd.Ext.Get("statsName"), f.cmd.Ext.Get("statsKey"))
	case codec.GetMaxOffset:
		var h codec.GetMaxOffsetRequestHeader
		var end codec.GetMaxOffsetResponseHeader
		require.NoError(s.t, h.DecodeFields(f.cmd.Ext))
		require.NoError(s.t, end.DecodeFields(f.answer.cmd.Ext))
		s.fill(codec.MessageQueue{Topic: h.Topic, QueueID: h.QueueID}, end.Offset)
	}
}

// follow brings a group to the offsets of table. One that shows as 0 may not be
// stored; a topic is only shown when one of its queues has one.
func (s *recordedState) follow(group string, table map[codec.MessageQueue]codec.OffsetWrapper) {
	known := map[string]bool{}
	for mq, w := range table {
		s.fill(mq, w.BrokerOffset)
		if w.ConsumerOffset > 0 || s.stored[group][mq] {
			s.commit(group, mq, w.ConsumerOffset)
			known[mq.Topic] = true
		}
	}
	for mq, w := range table {
		if !known[mq.Topic] {
			s.commit(group, mq, w.ConsumerOffset)
		}
	}
}

func (s *recordedState) commit(group string, mq codec.MessageQueue, offset int64) {
	s.b.offsets.Commit("recorded", group, mq.Topic, mq.QueueID, offset)
}

// put tells that a message is stored.
type put chan *store.PutResult

func (p put) PutDone(r *store.PutResult) { p <- r }

// fill appends to a queue until it ends at end.
func (s *recordedState) fill(mq codec.MessageQueue, end int64) {
	s.t.Helper()
	done := make(put, 1)
	for at := s.b.store.MaxOffsetInQueue(mq.Topic, mq.QueueID); at < end; at++ {
		s.b.store.PutMessage(&codec.Message{Topic: mq.Topic, QueueID: mq.QueueID, Body: []byte("before the recording"), Properties: "TAGS\x01TagA"}, done)
		s.b.store.CommitPending()
		require.Equal(s.t, store.PutOK, (<-done).Status)
	}
	requireDispatched(s.t, s.b)
}

// relay answers 307 for a client that was connected before the recording, with
// what it told the recorded broker.
func (s *recordedState) relay(f *recordedFrame) bool {
	p := s.clients[f.cmd.Ext.Get("clientId")]
	if f.cmd.Code != codec.GetConsumerRunningInfo || p == nil {
		return false
	}
	asked := p.pushOf(codec.GetConsumerRunningInfo)
	p.send(&codec.Command{
		Code: f.answer.cmd.Code, Flag: codec.FlagResponse, Opaque: asked.Opaque, Remark: f.answer.cmd.Remark, Body: f.answer.cmd.Body,
	})
	return true
}
