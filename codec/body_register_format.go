package codec

// The body of 103 REGISTER_BROKER is the JSON of RegisterBrokerBody, or with
// header compressed=true one zlib stream (RFC 1950, level 9) of
//
//	+----------------+--------------------------------------------------+
//	| int32 length   | DataVersion as JSON                              |
//	+----------------+--------------------------------------------------+
//	| int32 count    | topics that follow                               |
//	|  +-------------+------------------------------------------------+ |
//	|  | int32 length| "name read write perm filterType", × count     | |
//	|  +-------------+------------------------------------------------+ |
//	+----------------+--------------------------------------------------+
//	| int32 length   | filter servers as JSON array                     |
//	+----------------+--------------------------------------------------+
//
// Numbers are big-endian. The five parts of a topic are separated by single
// blanks; topicSysFlag and order do not travel.
//
// Limits: no more than 64 MiB are inflated. No length or count is believed
// before that many bytes are there.

import (
	"bytes"
	"encoding/binary"
	"errors"
	"fmt"
	"io"
	"slices"
	"strconv"
	"strings"

	"github.com/boostermq/booster/codec/fastjson"
	"github.com/klauspost/compress/zlib"
)

// MaxRegisterBodyBytes bounds what a compressed register body may inflate to.
const MaxRegisterBodyBytes = 64 << 20

// minTopicBytes is the least that one topic takes: its length and "t 1 1 6 X".
const minTopicBytes = 4 + 9

var errRegisterBody = errors.New("register body")

// EncodeRegisterBrokerBody writes b in the plain or the compressed form.
func EncodeRegisterBrokerBody(b *RegisterBrokerBody, compressed bool) ([]byte, error) {
	if !compressed {
		return fastjson.Marshal(b)
	}
	plain, err := appendRegisterBody(nil, b)
	if err != nil {
		return nil, err
	}
	var out bytes.Buffer
	w, err := zlib.NewWriterLevel(&out, zlib.BestCompression)
	if err != nil {
		return nil, fmt.Errorf("%w: %w", errRegisterBody, err)
	}
	if _, err = w.Write(plain); err == nil {
		err = w.Close()
	}
	if err != nil {
		return nil, fmt.Errorf("%w: %w", errRegisterBody, err)
	}
	return out.Bytes(), nil
}

// DecodeRegisterBrokerBody reads either form. An empty body is one without
// topics and with version 0/0. The table is never nil and keyed by the names
// of its topics.
func DecodeRegisterBrokerBody(body []byte, compressed bool) (*RegisterBrokerBody, error) {
	b := &RegisterBrokerBody{FilterServerList: []string{}}
	switch {
	case len(body) == 0:
	case compressed:
		plain, err := inflateRegisterBody(body)
		if err == nil {
			err = b.decodeParts(plain)
		}
		if err != nil {
			return nil, fmt.Errorf("%w: %w", errRegisterBody, err)
		}
	default:
		if err := fastjson.Unmarshal(body, b); err != nil {
			return nil, fmt.Errorf("%w: %w", errRegisterBody, err)
		}
	}
	b.keyByName()
	return b, nil
}

// keyByName makes the table agree with its topics: a topic without a name gets
// its key, the others are found under their names.
func (b *RegisterBrokerBody) keyByName() {
	wrapper := &b.TopicConfigSerializeWrapper
	table := make(map[string]*TopicConfig, len(wrapper.TopicConfigTable))
	for _, key := range sortedTopics(wrapper.TopicConfigTable) {
		topic := wrapper.TopicConfigTable[key]
		if topic.TopicName == "" {
			topic.TopicName = key
		}
		table[topic.TopicName] = topic
	}
	wrapper.TopicConfigTable = table
}

func appendRegisterBody(dst []byte, b *RegisterBrokerBody) ([]byte, error) {
	wrapper := &b.TopicConfigSerializeWrapper
	version, err := fastjson.Marshal(wrapper.DataVersion)
	if err != nil {
		return nil, err
	}
	servers := slices.Concat([]string{}, b.FilterServerList)
	serverList, err := fastjson.Marshal(servers)
	if err != nil {
		return nil, err
	}
	dst = appendSized(dst, version)
	dst = binary.BigEndian.AppendUint32(dst, uint32(len(wrapper.TopicConfigTable)))
	for _, name := range sortedTopics(wrapper.TopicConfigTable) {
		line, err := wrapper.TopicConfigTable[name].line()
		if err != nil {
			return nil, fmt.Errorf("%w: %w", errRegisterBody, err)
		}
		dst = appendSized(dst, []byte(line))
	}
	return appendSized(dst, serverList), nil
}

func sortedTopics(table map[string]*TopicConfig) []string {
	names := make([]string, 0, len(table))
	for name := range table {
		names = append(names, name)
	}
	slices.Sort(names)
	return names
}

func appendSized(dst, part []byte) []byte {
	dst = binary.BigEndian.AppendUint32(dst, uint32(len(part)))
	return append(dst, part...)
}

// line is t as one text of five parts (Java: TopicConfig.encode).
func (t *TopicConfig) line() (string, error) {
	if t == nil || t.TopicName == "" || strings.Contains(t.TopicName, " ") {
		return "", fmt.Errorf("topic %+v has no name that can be written", t)
	}
	return fmt.Sprintf("%s %d %d %d %s", t.TopicName, t.ReadQueueNums, t.WriteQueueNums, t.Perm, t.TopicFilterType), nil
}

// parseLine is the opposite of line (Java: TopicConfig.decode). A sixth part,
// the attributes of 5.x brokers, is passed over.
func (t *TopicConfig) parseLine(line string) error {
	parts := strings.SplitN(line, " ", 7)
	if len(parts) != 5 && len(parts) != 6 || parts[0] == "" {
		return fmt.Errorf("topic %.200q has %d parts, not 5", line, len(parts))
	}
	if parts[4] != SingleTag && parts[4] != MultiTag {
		return fmt.Errorf("topic %.200q: unknown filter type", line)
	}
	t.TopicName, t.TopicFilterType = parts[0], parts[4]
	for i, number := range []*int32{&t.ReadQueueNums, &t.WriteQueueNums, &t.Perm} {
		n, err := strconv.ParseInt(parts[1+i], 10, 32)
		if err != nil {
			return fmt.Errorf("topic %.200q: %w", line, err)
		}
		*number = int32(n)
	}
	return nil
}

func inflateRegisterBody(body []byte) ([]byte, error) {
	r, err := zlib.NewReader(bytes.NewReader(body))
	if err != nil {
		return nil, err
	}
	plain, err := io.ReadAll(io.LimitReader(r, MaxRegisterBodyBytes+1))
	if err != nil {
		return nil, err
	}
	if len(plain) > MaxRegisterBodyBytes {
		return nil, fmt.Errorf("inflates to more than %d bytes", MaxRegisterBodyBytes)
	}
	return plain, r.Close()
}

// decodeParts reads the inflated form. Bytes after it are passed over, as in
// Java.
func (b *RegisterBrokerBody) decodeParts(plain []byte) error {
	wrapper := &b.TopicConfigSerializeWrapper
	version, plain, err := cutSized(plain)
	if err != nil {
		return fmt.Errorf("data version: %w", err)
	}
	if err := fastjson.Unmarshal(version, &wrapper.DataVersion); err != nil {
		return fmt.Errorf("data version: %w", err)
	}
	count, plain, err := cutInt32(plain)
	if err != nil || count < 0 || int(count) > len(plain)/minTopicBytes {
		return fmt.Errorf("%d topics in %d bytes", count, len(plain))
	}
	wrapper.TopicConfigTable = make(map[string]*TopicConfig, count)
	for range count {
		var line []byte
		if line, plain, err = cutSized(plain); err != nil {
			return fmt.Errorf("topic: %w", err)
		}
		topic := &TopicConfig{}
		if err := topic.parseLine(strings.ToValidUTF8(string(line), "\ufffd")); err != nil {
			return err
		}
		wrapper.TopicConfigTable[topic.TopicName] = topic
	}
	servers, _, err := cutSized(plain)
	if err != nil {
		return fmt.Errorf("filter servers: %w", err)
	}
	if err := fastjson.Unmarshal(servers, &b.FilterServerList); err != nil {
		return fmt.Errorf("filter servers: %w", err)
	}
	return nil
}

func cutInt32(b []byte) (n int32, rest []byte, err error) {
	if len(b) < 4 {
		return 0, b, fmt.Errorf("%d bytes left, not 4", len(b))
	}
	return int32(binary.BigEndian.Uint32(b)), b[4:], nil
}

func cutSized(b []byte) (part, rest []byte, err error) {
	n, rest, err := cutInt32(b)
	if err != nil {
		return nil, b, err
	}
	if n < 0 || int(n) > len(rest) {
		return nil, b, fmt.Errorf("length %d with %d bytes left", n, len(rest))
	}
	return rest[:n], rest[n:], nil
}
