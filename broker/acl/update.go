package acl

import (
	"errors"
	"fmt"
	"path/filepath"
	"slices"
	"strings"
	"time"
	"unicode"

	"go.yaml.in/yaml/v3"

	"github.com/boostermq/booster/codec"
)

// AccessConfig is what 50 sets of an account (Java: PlainAccessConfig). What is
// nil stays as it is, or is left out of a new account.
type AccessConfig struct {
	AccessKey          string
	SecretKey          string
	Admin              bool
	WhiteRemoteAddress *string
	DefaultTopicPerm   *string
	DefaultGroupPerm   *string
	TopicPerms         []string // name=PERM
	GroupPerms         []string
}

var (
	errCannotDelete = errors.New("no such account")
	errNoACLFile    = errors.New("the path is that of no ACL file")
)

// UpdateAccessConfig creates or changes an account, in the file that has it,
// else in the default file. It is in force when the call returns. The error's
// text is the remark of the answer; nothing is changed then.
func (m *Manager) UpdateAccessConfig(c *AccessConfig) error {
	if err := checkAccessConfig(c); err != nil {
		return err
	}
	m.mu.Lock()
	defer m.mu.Unlock()
	r, err := m.revise()
	if err != nil {
		return err
	}
	path := m.plainPath
	if a := r.before.accounts[c.AccessKey]; a != nil {
		path = a.path
	}
	_, err = r.edit(path, func(root *yaml.Node) (bool, error) { return editAccount(root, c) })
	if err != nil {
		return err
	}
	return r.finish(func(next *snapshot) bool {
		a := next.accounts[c.AccessKey]
		return a != nil && a.secretKey == c.SecretKey && a.admin == c.Admin && a.path == path
	})
}

// DeleteAccessConfig deletes an account from all files, lest one that it hid comes to light.
func (m *Manager) DeleteAccessConfig(accessKey string) error {
	m.mu.Lock()
	defer m.mu.Unlock()
	r, err := m.revise()
	if err != nil {
		return err
	}
	if r.before.accounts[accessKey] == nil {
		return errCannotDelete
	}
	for _, f := range slices.Clone(r.files) {
		_, err := r.edit(f.path, func(root *yaml.Node) (bool, error) { return removeAccounts(root, accessKey) })
		if err != nil {
			return err
		}
	}
	return r.finish(func(next *snapshot) bool { return next.accounts[accessKey] == nil })
}

// UpdateGlobalWhiteAddrs replaces the global white list of one ACL file; path ""
// is the default file. Addresses are divided by commas; "" empties the list.
//
// Differences from Java: the path must be, normalised, that of an ACL file which
// is there, not just begin with rocketmqHome; addresses are checked first.
func (m *Manager) UpdateGlobalWhiteAddrs(addrs, path string) error {
	var list addressList
	if err := list.add(addrs); err != nil {
		return err
	}
	var items []string
	for _, item := range splitOutsideBraces(addrs) {
		if item = strings.TrimSpace(item); item != "" {
			items = append(items, item)
		}
	}
	m.mu.Lock()
	defer m.mu.Unlock()
	r, err := m.revise()
	if err != nil {
		return err
	}
	target := m.plainPath
	if path != "" {
		if target, err = filepath.Abs(path); err != nil {
			return errNoACLFile
		}
	}
	if _, known := r.before.versions[target]; !known && target != m.plainPath {
		return errNoACLFile
	}
	_, err = r.edit(target, func(root *yaml.Node) (bool, error) { return editGlobalWhiteAddrs(root, items) })
	if err != nil {
		return err
	}
	return r.finish(func(*snapshot) bool { return true })
}

// Versions returns the data version of the default file and those of all files by path.
func (m *Manager) Versions() (plain codec.DataVersion, all map[string]codec.DataVersion) {
	s := m.state.Load()
	all = make(map[string]codec.DataVersion, len(s.versions))
	for path, v := range s.versions {
		all[path] = v.DataVersion
	}
	return all[m.plainPath], all
}

// revision is a change of the files under way; m.mu is held.
type revision struct {
	m       *Manager
	files   []fileText
	before  *snapshot
	changed map[string][]byte // path → content before
}

// revise reads the files as they are now. Files that cannot be used are not
// changed: the reason would be gone, or the change lost.
func (m *Manager) revise() (*revision, error) {
	if m.home == "" {
		return nil, errNotLoaded
	}
	files, err := m.readFiles()
	if err != nil {
		return nil, err
	}
	before, _, err := m.build(files)
	if err != nil {
		return nil, err
	}
	return &revision{m: m, files: files, before: before, changed: map[string][]byte{}}, nil
}

var errNotLoaded = errors.New("the ACL files are not loaded")

// edit changes one file, in memory.
func (r *revision) edit(path string, change func(root *yaml.Node) (bool, error)) (changed bool, err error) {
	i := slices.IndexFunc(r.files, func(f fileText) bool { return f.path == path })
	if i < 0 {
		i = len(r.files)
		r.files = append(r.files, fileText{path: path})
	}
	before := r.files[i].text
	text, changed, err := editFile(path, before, time.Now().UnixMilli(), change)
	if err != nil || !changed {
		return false, err
	}
	r.files[i].text, r.changed[path] = text, before
	return true, nil
}

// finish makes sure that what is to be written can be read and says what it
// should, writes it and puts it in force.
func (r *revision) finish(asWanted func(next *snapshot) bool) error {
	next, warnings, err := r.m.build(r.files)
	if err != nil {
		return fmt.Errorf("the file cannot be edited: %w", err)
	}
	if !asWanted(next) {
		return errors.New("the file cannot be edited: the change would have no effect")
	}
	for _, f := range r.files {
		old, changed := r.changed[f.path]
		if !changed {
			continue
		}
		if err := replaceFile(r.m.opts.FS, f.path, old, f.text); err != nil {
			return fmt.Errorf("the file cannot be written: %w", err) // what got there is seen by the next poll
		}
	}
	r.m.mu.judged = digestOf(r.files)
	r.m.put(next, warnings)
	return nil
}

// checkAccessConfig refuses what 4.9.8 refuses, with its texts, and what would have no effect.
func checkAccessConfig(c *AccessConfig) error {
	if !longEnough(c.AccessKey) || !longEnough(c.SecretKey) {
		return fmt.Errorf("The accessKey=%s and secretKey=%s cannot be null and length should longer than 6",
			orNull(c.AccessKey), orNull(c.SecretKey))
	}
	if strings.ContainsFunc(c.AccessKey+c.SecretKey, isUnprintable) {
		return errors.New("accessKey and secretKey must be of printable characters")
	}
	for key, text := range map[string]*string{keyDefaultTopicPerm: c.DefaultTopicPerm, keyDefaultGroupPerm: c.DefaultGroupPerm} {
		if text == nil {
			continue
		}
		if _, ok := parsePerm(*text); !ok {
			return fmt.Errorf("%s=%.100s is none of DENY, PUB, SUB, PUB|SUB, SUB|PUB", key, *text)
		}
	}
	if c.WhiteRemoteAddress != nil {
		if err := new(addressList).add(*c.WhiteRemoteAddress); err != nil {
			return err
		}
	}
	return errors.Join(checkResourcePerms(c.TopicPerms, codec.ValidateTopic), checkResourcePerms(c.GroupPerms, codec.ValidateGroup))
}

func checkResourcePerms(list []string, validate func(name string) (remark string)) error {
	for _, item := range list {
		name, permText, ok := splitResourcePerm(item)
		if !ok {
			return fmt.Errorf("Parse Resource format error for %.200s.\nThe expected resource format is 'Res=Perm'. For example: topicA=SUB", item)
		}
		if _, ok := parsePerm(permText); !ok {
			return fmt.Errorf("Parse resource permission error for %.200s.\nThe expected permissions are 'SUB' or 'PUB' or 'SUB|PUB' or 'PUB|SUB'.", item)
		}
		if remark := validate(name); remark != "" {
			return fmt.Errorf("%.200s has no effect: %s", item, remark)
		}
	}
	return nil
}

func isUnprintable(r rune) bool { return r == unicode.ReplacementChar || !unicode.IsPrint(r) }

// orNull renders an absent text as Java does.
func orNull(text string) string {
	if text == "" {
		return "null"
	}
	return text
}
