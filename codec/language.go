package codec

import "strconv"

// LanguageCode tells which client library wrote a frame (Java: LanguageCode).
// JSON headers carry the name, binary headers the number.
type LanguageCode byte

// Languages of 4.9.8; 4.4.0 stops at OMS. Only LanguageCPP changes behaviour:
// it gets the reset-offset body in list form.
const (
	LanguageJava   LanguageCode = 0
	LanguageCPP    LanguageCode = 1
	LanguageDotnet LanguageCode = 2
	LanguagePython LanguageCode = 3
	LanguageDelphi LanguageCode = 4
	LanguageErlang LanguageCode = 5
	LanguageRuby   LanguageCode = 6
	LanguageOther  LanguageCode = 7
	LanguageHTTP   LanguageCode = 8
	LanguageGo     LanguageCode = 9
	LanguagePHP    LanguageCode = 10
	LanguageOMS    LanguageCode = 11
	LanguageRust   LanguageCode = 12
)

var languageNames = [...]string{
	"JAVA", "CPP", "DOTNET", "PYTHON", "DELPHI", "ERLANG", "RUBY", "OTHER", "HTTP", "GO", "PHP", "OMS", "RUST",
}

// String returns Java's name; a number Java does not know is "OTHER".
func (l LanguageCode) String() string {
	if int(l) < len(languageNames) {
		return languageNames[l]
	}
	return languageNames[LanguageOther]
}

// ParseLanguage reads the name or the decimal number of a language. An unknown
// one is LanguageOther, false: it must not fail a frame.
func ParseLanguage(s string) (LanguageCode, bool) {
	if s == "JAVA" {
		return LanguageJava, true
	}
	for i, name := range languageNames {
		if s == name {
			return LanguageCode(i), true
		}
	}
	if n, err := strconv.ParseUint(s, 10, 8); err == nil && int(n) < len(languageNames) {
		return LanguageCode(n), true
	}
	return LanguageOther, false
}
