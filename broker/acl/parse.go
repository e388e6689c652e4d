package acl

import (
	"bytes"
	"errors"
	"fmt"
	"io"
	"regexp"
	"strconv"

	"go.yaml.in/yaml/v3"

	"github.com/boostermq/booster/codec"
)

// Keys of an ACL file (Java: AclConstants).
const (
	keyGlobalWhiteAddrs = "globalWhiteRemoteAddresses"
	keyAccounts         = "accounts"
	keyAccessKey        = "accessKey"
	keySecretKey        = "secretKey"
	keyWhiteAddr        = "whiteRemoteAddress"
	keyAdmin            = "admin"
	keyDefaultTopicPerm = "defaultTopicPerm"
	keyDefaultGroupPerm = "defaultGroupPerm"
	keyTopicPerms       = "topicPerms"
	keyGroupPerms       = "groupPerms"
	keyDataVersion      = "dataVersion"
	keyCounter          = "counter"
	keyTimestamp        = "timestamp"
)

const (
	maxFileBytes   = 16 << 20
	maxFileNodes   = 1 << 20 // values looked at; aliases can repeat a list
	maxFileReports = 20      // problems told of one file, and warnings
)

// FileError is one thing that is wrong with an ACL file. Line 0 = the whole file.
type FileError struct {
	Path string
	Line int
	Text string
}

func (e *FileError) Error() string {
	if e.Line == 0 {
		return e.Path + ": " + e.Text
	}
	return e.Path + ":" + strconv.Itoa(e.Line) + ": " + e.Text
}

// fileConfig is the content of one ACL file.
type fileConfig struct {
	white    addressList
	accounts []*account
	version  *codec.DataVersion // nil = the file has none
}

// fileParser reads one file, strictly: what could be meant in two ways is a
// problem, what has no effect is a warning.
type fileParser struct {
	path     string
	problems []error
	warnings []string
	budget   int
}

// parseFile reads an ACL file. An empty file is one without accounts. err joins
// *FileError values; cfg is of use only without one.
func parseFile(path string, text []byte) (cfg *fileConfig, warnings []string, err error) {
	p := &fileParser{path: path, budget: maxFileNodes}
	cfg = &fileConfig{}
	document, err := readYAML(path, text)
	if err != nil {
		return cfg, nil, err
	}
	if document == nil {
		p.warn(0, "the file is empty")
		return cfg, p.warnings, nil
	}
	p.eachKey(document.Content[0], "the file", func(key string, line int, value *yaml.Node) {
		switch key {
		case keyGlobalWhiteAddrs:
			for _, item := range p.list(value, key) {
				p.address(&cfg.white, item, key)
			}
		case keyAccounts:
			p.accounts(cfg, value)
		case keyDataVersion:
			cfg.version = p.dataVersion(value)
		default:
			p.warn(line, "unknown key %.100q is ignored", key)
		}
	})
	return cfg, p.warnings, errors.Join(p.problems...)
}

// yamlErrorLine finds the line in the text of the library's errors.
var yamlErrorLine = regexp.MustCompile(`^yaml: (?:line (\d+): )?(.*)`)

// readYAML returns the one document in text, nil when it holds no value.
// Nothing is constructed from tags, and aliases are not followed.
func readYAML(path string, text []byte) (document *yaml.Node, err error) {
	defer func() {
		if panicked := recover(); panicked != nil {
			document, err = nil, &FileError{Path: path, Text: fmt.Sprintf("no YAML: %v", panicked)}
		}
	}()
	if len(text) > maxFileBytes {
		return nil, &FileError{Path: path, Text: fmt.Sprintf("%d bytes are more than the %d an ACL file may have", len(text), maxFileBytes)}
	}
	decoder := yaml.NewDecoder(bytes.NewReader(text))
	var first, second yaml.Node
	if err := decoder.Decode(&first); errors.Is(err, io.EOF) {
		return nil, nil
	} else if err != nil {
		return nil, yamlError(path, err)
	}
	if err := decoder.Decode(&second); err == nil {
		return nil, &FileError{path, second.Line, "a second document in one file"}
	} else if !errors.Is(err, io.EOF) {
		return nil, yamlError(path, err)
	}
	if first.Kind != yaml.DocumentNode || len(first.Content) != 1 || isNull(first.Content[0]) {
		return nil, nil
	}
	return &first, nil
}

func yamlError(path string, err error) error {
	m := yamlErrorLine.FindStringSubmatch(err.Error())
	if m == nil {
		return &FileError{Path: path, Text: err.Error()}
	}
	line, err := strconv.Atoi(m[1])
	if err != nil {
		line = 0 // the library names none
	}
	return &FileError{path, line, "no YAML: " + m[2]}
}

func (p *fileParser) fail(line int, format string, args ...any) {
	if len(p.problems) < maxFileReports {
		p.problems = append(p.problems, &FileError{p.path, line, fmt.Sprintf(format, args...)})
	}
}

func (p *fileParser) warn(line int, format string, args ...any) {
	if len(p.warnings) < maxFileReports {
		p.warnings = append(p.warnings, (&FileError{p.path, line, fmt.Sprintf(format, args...)}).Error())
	}
}

// follow returns what n stands for and counts it.
func (p *fileParser) follow(n *yaml.Node) *yaml.Node {
	if p.budget--; p.budget == 0 {
		p.fail(n.Line, "more than %d values", maxFileNodes)
	}
	if n.Kind == yaml.AliasNode && n.Alias != nil {
		return n.Alias
	}
	return n
}

func isNull(n *yaml.Node) bool { return n.Kind == yaml.ScalarNode && n.ShortTag() == "!!null" }

// eachKey calls visit for the keys of a mapping, in their order.
func (p *fileParser) eachKey(n *yaml.Node, what string, visit func(key string, line int, value *yaml.Node)) {
	n = p.follow(n)
	if n.Kind != yaml.MappingNode || n.ShortTag() != "!!map" {
		p.fail(n.Line, "%s is no mapping of keys to values", what)
		return
	}
	seen := map[string]bool{}
	for i := 0; i+1 < len(n.Content) && p.budget > 0; i += 2 {
		keyNode := p.follow(n.Content[i])
		switch key := keyNode.Value; {
		case keyNode.Kind != yaml.ScalarNode || keyNode.ShortTag() != "!!str":
			p.fail(keyNode.Line, "a key of %s is no plain word", what)
		case seen[key]:
			p.fail(keyNode.Line, "key %.100q occurs twice", key)
		default:
			seen[key] = true
			visit(key, keyNode.Line, n.Content[i+1])
		}
	}
}

// list returns the items of a sequence; null is an empty one.
func (p *fileParser) list(n *yaml.Node, key string) []*yaml.Node {
	n = p.follow(n)
	if isNull(n) {
		return nil
	}
	if n.Kind != yaml.SequenceNode || n.ShortTag() != "!!seq" {
		p.fail(n.Line, "%s is no list", key)
		return nil
	}
	if len(n.Content) > p.budget {
		p.fail(n.Line, "more than %d values", maxFileNodes)
		p.budget = 0
		return nil
	}
	return n.Content
}

// text returns a single value as it is written; null is "".
func (p *fileParser) text(n *yaml.Node, key string) string {
	n = p.follow(n)
	if n.Kind != yaml.ScalarNode {
		p.fail(n.Line, "%s is no single value", key)
		return ""
	}
	switch n.ShortTag() {
	case "!!null":
		return ""
	case "!!str", "!!int", "!!float", "!!bool", "!!timestamp":
		return n.Value
	}
	p.fail(n.Line, "%s has the tag %.100q", key, n.Tag)
	return ""
}

// address adds the addresses of one value to list.
func (p *fileParser) address(list *addressList, n *yaml.Node, key string) {
	if err := list.add(p.text(n, key)); err != nil {
		p.fail(n.Line, "%s: %v", key, err)
	}
}

// dataVersion reads [{counter, timestamp}]. It is for display only: what is
// wrong with it does not make the file unusable.
func (p *fileParser) dataVersion(n *yaml.Node) *codec.DataVersion {
	n = p.follow(n)
	if isNull(n) {
		return nil
	}
	if n.Kind == yaml.SequenceNode && len(n.Content) == 1 {
		if entry := p.follow(n.Content[0]); entry.Kind == yaml.MappingNode {
			counter, okCounter := mapNumber(entry, keyCounter)
			timestampMs, okTimestamp := mapNumber(entry, keyTimestamp)
			if okCounter && okTimestamp {
				return &codec.DataVersion{Counter: counter, Timestamp: timestampMs}
			}
		}
	}
	p.warn(n.Line, "%s is no list of one counter and timestamp; it is ignored", keyDataVersion)
	return nil
}

func mapNumber(n *yaml.Node, key string) (int64, bool) {
	value := mapValue(n, key)
	if value == nil || value.Kind != yaml.ScalarNode {
		return 0, false
	}
	number, err := strconv.ParseInt(value.Value, 10, 64)
	return number, err == nil
}

// mapValue returns the value of key in a mapping, nil when it has none.
func mapValue(n *yaml.Node, key string) *yaml.Node {
	for i := 0; i+1 < len(n.Content); i += 2 {
		if n.Content[i].Value == key {
			return n.Content[i+1]
		}
	}
	return nil
}
