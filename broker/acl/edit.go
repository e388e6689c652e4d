package acl

import (
	"bytes"
	"errors"
	"fmt"
	"regexp"
	"slices"
	"strconv"
	"strings"

	"go.yaml.in/yaml/v3"

	"github.com/boostermq/booster/codec"
)

// errAlias: what is written in one place and used in several is not changed here.
var errAlias = errors.New("the file uses an alias (*name) here: edit it by hand")

// editFile returns text after edit has changed its root mapping and with the
// next data version; unchanged when edit says that it changed nothing. Comments
// and unknown keys stay, blank lines do not. text must be one that parseFile
// accepts; that the result is one too the caller makes sure.
func editFile(path string, text []byte, nowMs int64, edit func(root *yaml.Node) (changed bool, err error)) (edited []byte, changed bool, err error) {
	defer func() {
		if panicked := recover(); panicked != nil { // the library's encoder
			edited, changed, err = nil, false, &FileError{Path: path, Text: fmt.Sprintf("cannot be edited: %v", panicked)}
		}
	}()
	document, err := readYAML(path, text)
	if err != nil {
		return nil, false, err
	}
	var prefix []byte
	if document == nil { // comments, if anything
		prefix = commentsOnly(text)
		document = &yaml.Node{Kind: yaml.DocumentNode, Content: []*yaml.Node{{Kind: yaml.MappingNode, Tag: "!!map"}}}
	}
	root := document.Content[0]
	if root.Kind != yaml.MappingNode {
		return nil, false, &FileError{path, root.Line, "no mapping of keys to values"}
	}
	if changed, err = edit(root); err != nil || !changed {
		return text, false, err
	}
	root.Style &^= yaml.FlowStyle
	setNextVersion(path, root, nowMs)
	buffer := bytes.NewBuffer(prefix)
	encoder := yaml.NewEncoder(buffer)
	encoder.SetIndent(2)
	encoder.CompactSeqIndent() // as the Java broker writes it
	if err := errors.Join(encoder.Encode(document), encoder.Close()); err != nil {
		return nil, false, err
	}
	return buffer.Bytes(), true, nil
}

// commentsOnly keeps the comment lines of a file without a value.
func commentsOnly(text []byte) (comments []byte) {
	for line := range bytes.Lines(text) {
		if bytes.HasPrefix(line, []byte("#")) {
			comments = append(bytes.TrimRight(append(comments, line...), "\r\n"), '\n')
		}
	}
	return comments
}

func setNextVersion(path string, root *yaml.Node, nowMs int64) {
	next := codec.DataVersion{Counter: 1, Timestamp: nowMs}
	if value := mapValue(root, keyDataVersion); value != nil {
		p := &fileParser{path: path, budget: maxFileNodes}
		if last := p.dataVersion(value); last != nil {
			next.Counter = last.Counter + 1
		}
	}
	mapSet(root, keyDataVersion, &yaml.Node{Kind: yaml.SequenceNode, Tag: "!!seq", Content: []*yaml.Node{mappingNode(
		keyCounter, numberNode(next.Counter), keyTimestamp, numberNode(next.Timestamp))}})
}

// editAccount creates or changes the account of c.
func editAccount(root *yaml.Node, c *AccessConfig) (changed bool, err error) {
	list, err := accountList(root)
	if err != nil {
		return false, err
	}
	index, err := findAccount(list, c.AccessKey)
	if err != nil {
		return false, err
	}
	if index < 0 {
		index = len(list.Content)
		list.Style &^= yaml.FlowStyle
		list.Content = append(list.Content, mappingNode(keyAccessKey, textNode(c.AccessKey)))
	}
	entry := list.Content[index]
	entry.Style &^= yaml.FlowStyle
	setText(entry, keySecretKey, &c.SecretKey)
	setText(entry, keyWhiteAddr, c.WhiteRemoteAddress)
	mapSet(entry, keyAdmin, &yaml.Node{Kind: yaml.ScalarNode, Tag: "!!bool", Value: strconv.FormatBool(c.Admin)})
	setText(entry, keyDefaultTopicPerm, c.DefaultTopicPerm)
	setText(entry, keyDefaultGroupPerm, c.DefaultGroupPerm)
	if c.TopicPerms != nil {
		mapSet(entry, keyTopicPerms, listNode(c.TopicPerms))
	}
	if c.GroupPerms != nil {
		mapSet(entry, keyGroupPerms, listNode(c.GroupPerms))
	}
	return true, nil
}

// removeAccounts removes all accounts with this access key, those too that another one hides.
func removeAccounts(root *yaml.Node, accessKey string) (changed bool, err error) {
	if mapValue(root, keyAccounts) == nil {
		return false, nil
	}
	list, err := accountList(root)
	if err != nil {
		return false, err
	}
	for {
		index, err := findAccount(list, accessKey)
		if err != nil || index < 0 {
			return changed, err
		}
		list.Content = slices.Delete(list.Content, index, index+1)
		changed = true
	}
}

// editGlobalWhiteAddrs replaces the white list of a file.
func editGlobalWhiteAddrs(root *yaml.Node, addrs []string) (changed bool, err error) {
	mapSet(root, keyGlobalWhiteAddrs, listNode(addrs))
	return true, nil
}

// accountList returns the list of accounts, which it makes when there is none.
func accountList(root *yaml.Node) (*yaml.Node, error) {
	list := mapValue(root, keyAccounts)
	if list == nil || isNull(list) {
		list = &yaml.Node{Kind: yaml.SequenceNode, Tag: "!!seq"}
		mapSet(root, keyAccounts, list)
	}
	if list.Kind != yaml.SequenceNode {
		return nil, errAlias
	}
	return list, nil
}

// findAccount returns the index of the first account with this access key, -1 when there is none.
func findAccount(list *yaml.Node, accessKey string) (int, error) {
	for i, entry := range list.Content {
		target := entry
		if entry.Kind == yaml.AliasNode {
			target = entry.Alias
		}
		key := mapValue(target, keyAccessKey)
		if key != nil && key.Kind == yaml.AliasNode {
			key = key.Alias
		}
		if key == nil || key.Value != accessKey {
			continue
		}
		if target != entry {
			return 0, errAlias
		}
		return i, nil
	}
	return -1, nil
}

// mapSet sets key of a mapping, at its place when it is there.
func mapSet(m *yaml.Node, key string, value *yaml.Node) {
	for i := 0; i+1 < len(m.Content); i += 2 {
		if m.Content[i].Value == key {
			m.Content[i+1] = value
			return
		}
	}
	m.Content = append(m.Content, textNode(key), value)
}

// setText sets key to a text; nil, and what it is already, leaves it as it is.
func setText(m *yaml.Node, key string, text *string) {
	if text == nil {
		return
	}
	if old := mapValue(m, key); old != nil && old.Kind == yaml.ScalarNode && !isNull(old) && old.Value == *text {
		return
	}
	mapSet(m, key, textNode(*text))
}

func mappingNode(pairs ...any) *yaml.Node {
	m := &yaml.Node{Kind: yaml.MappingNode, Tag: "!!map"}
	for i := 0; i+1 < len(pairs); i += 2 {
		m.Content = append(m.Content, textNode(pairs[i].(string)), pairs[i+1].(*yaml.Node))
	}
	return m
}

func numberNode(n int64) *yaml.Node {
	return &yaml.Node{Kind: yaml.ScalarNode, Tag: "!!int", Value: strconv.FormatInt(n, 10)}
}

func listNode(texts []string) *yaml.Node {
	list := &yaml.Node{Kind: yaml.SequenceNode, Tag: "!!seq"}
	if len(texts) == 0 {
		list.Style = yaml.FlowStyle
	}
	for _, text := range texts {
		list.Content = append(list.Content, textNode(text))
	}
	return list
}

var (
	plainText  = regexp.MustCompile(`^[A-Za-z0-9_][A-Za-z0-9_.|=*%-]*$`)
	yamlNumber = regexp.MustCompile(`^([0-9a-fA-F_.+-]*|0[xob].*)$`)
	yamlWord   = []string{"y", "n", "yes", "no", "on", "off", "true", "false", "null"}
)

// textNode is a string that both YAML 1.1 (the Java broker) and 1.2 read as
// one: in quotes unless it looks like nothing else.
func textNode(text string) *yaml.Node {
	n := &yaml.Node{Kind: yaml.ScalarNode, Tag: "!!str", Value: text}
	if !plainText.MatchString(text) || yamlNumber.MatchString(text) || slices.Contains(yamlWord, strings.ToLower(text)) {
		n.Style = yaml.SingleQuotedStyle
	}
	return n
}
