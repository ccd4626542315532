package main

import (
	"bytes"
	"context"
	"crypto/ed25519"
	"crypto/sha256"
	"encoding/base64"
	"encoding/binary"
	"fmt"
	"net/http"
	"net/http/httptest"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"filippo.io/torchwood"
	"github.com/cloudflare/circl/sign/mldsa/mldsa44"
	"golang.org/x/mod/sumdb/note"

	"interop/testlog"
)

func TestMain(m *testing.M) {
	if err := hush(); err != nil {
		panic(err)
	}
	os.Exit(m.Run())
}

func made(t *testing.T, size int) *testlog.Log {
	t.Helper()
	l, err := testlog.New("log.example/made", int64(size))
	if err != nil {
		t.Fatal(err)
	}
	l.Append(size)
	return l
}

func written(t *testing.T, l *testlog.Log) string {
	t.Helper()
	folder := t.TempDir()
	if err := l.Write(folder); err != nil {
		t.Fatal(err)
	}
	return folder
}

func expect(t *testing.T, what string, err error, part string) {
	t.Helper()
	switch {
	case part == "" && err != nil:
		t.Errorf("%s: %v", what, err)
	case part != "" && err == nil:
		t.Errorf("%s: was believed", what)
	case part != "" && !strings.Contains(err.Error(), part):
		t.Errorf("%s: %v, expected %q", what, err, part)
	}
}

func TestWholeLogsAreBelieved(t *testing.T) {
	for _, size := range []int{1, 2, 255, 256, 257, 511, 512, 600} {
		l := made(t, size)
		_, err := verifyLog(t.Context(), written(t, l), l.VKey, nil)
		expect(t, fmt.Sprint(size), err, "")
	}
}

func TestALogIsReadOverHTTP(t *testing.T) {
	l := made(t, 300)
	server := httptest.NewServer(http.FileServer(http.Dir(written(t, l))))
	defer server.Close()
	_, err := verifyLog(t.Context(), server.URL, l.VKey, nil)
	expect(t, "over HTTP", err, "")
}

// One flipped bit in any file of the log must be seen.
func TestAFlippedBitIsSeen(t *testing.T) {
	l := made(t, 600)
	folder := written(t, l)
	files := 0
	err := filepath.WalkDir(folder, func(path string, entry os.DirEntry, err error) error {
		if err != nil || entry.IsDir() {
			return err
		}
		files++
		whole, err := os.ReadFile(path)
		if err != nil {
			return err
		}
		for _, at := range []int{0, len(whole) / 2, len(whole) - 1} {
			broken := bytes.Clone(whole)
			broken[at] ^= 1
			if err := os.WriteFile(path, broken, 0o644); err != nil {
				return err
			}
			if _, err := verifyLog(t.Context(), folder, l.VKey, nil); err == nil {
				t.Errorf("%s: byte %d flipped: was believed", path, at)
			}
		}
		return os.WriteFile(path, whole, 0o644)
	})
	if err != nil || files != 8 {
		t.Fatalf("%d files, %v", files, err)
	}
	// A bundle that lacks its last entry: fsck alone would crash on it.
	bundle := filepath.Join(folder, "tile/entries/000")
	whole, err := os.ReadFile(bundle)
	if err != nil {
		t.Fatal(err)
	}
	if err := os.WriteFile(bundle, whole[:len(whole)-170], 0o644); err != nil {
		t.Fatal(err)
	}
	_, err = verifyLog(t.Context(), folder, l.VKey, nil)
	expect(t, "a short bundle", err, "255 entries")
	key, err := verifier(l.VKey)
	if err != nil {
		t.Fatal(err)
	}
	src, err := open(folder)
	if err != nil {
		t.Fatal(err)
	}
	expect(t, "a short bundle, by fsck alone", runFsck(context.Background(), src, key), "fsck")
}

func TestGrowth(t *testing.T) {
	l := made(t, 300)
	old, err := l.Checkpoint()
	if err != nil {
		t.Fatal(err)
	}
	folder := written(t, l)
	l.Append(300)
	if err := l.Write(folder); err != nil {
		t.Fatal(err)
	}
	_, err = verifyLog(t.Context(), folder, l.VKey, old)
	expect(t, "a grown log", err, "")

	other := made(t, 299) // another past under the key of this log
	other.Key = l.Key
	forked, err := other.Checkpoint()
	if err != nil {
		t.Fatal(err)
	}
	_, err = verifyLog(t.Context(), folder, l.VKey, forked)
	expect(t, "another past", err, "growth: ")
	_, err = verifyLog(t.Context(), folder, made(t, 7).VKey, nil)
	expect(t, "another key", err, "no verifiable signatures")

	l.Append(1)
	later, err := l.Checkpoint()
	if err != nil {
		t.Fatal(err)
	}
	_, err = verifyLog(t.Context(), folder, l.VKey, later)
	expect(t, "a log that has shrunk", err, "shrunk")

	// Once more, without the tiles of the older tree: a copy may lack them, a server may not.
	folder = written(t, l)
	_, err = verifyLog(t.Context(), folder, l.VKey, old)
	expect(t, "a copy", err, "")
	server := httptest.NewServer(http.FileServer(http.Dir(folder)))
	defer server.Close()
	_, err = verifyLog(t.Context(), server.URL, l.VKey, old)
	expect(t, "a server", err, "tiles of the older tree")
}

// Leaves that are in a tree need not be a chain.
func TestTheChainOfLeaves(t *testing.T) {
	first := &outerLeaf{records: 3, timestamp: 5}
	second := &outerLeaf{number: 1, firstRecord: 3, records: 1, timestamp: 6}
	second.previous[0] = 1
	expect(t, "another leaf before", second.follows(first), "names another leaf")
	second.timestamp = 5
	expect(t, "the same time", second.follows(first), "not later")
	second.firstRecord = 4
	expect(t, "a gap", second.follows(first), "not the next")
	second.number = 2
	expect(t, "a leaf left out", second.follows(first), "follows leaf 0")
	expect(t, "no beginning", second.follows(nil), "begin")
}

func TestReceipts(t *testing.T) {
	l := made(t, 300)
	witness, witnessKey := cosigner(t)
	slow, slowKey := postQuantumCosigner(t)
	for number := range 40 {
		file, err := l.Receipt(number, 0, witness, slow)
		if err != nil {
			t.Fatal(err)
		}
		_, err = verifyReceipt(file, l.VKey, []string{witnessKey, slowKey})
		expect(t, "a receipt", err, "")
	}
	file, err := l.Receipt(299, 0, witness, slow)
	if err != nil {
		t.Fatal(err)
	}
	for at := range file {
		broken := bytes.Clone(file)
		broken[at] ^= 1
		if _, err := verifyReceipt(broken, l.VKey, []string{witnessKey, slowKey}); err == nil {
			t.Errorf("byte %d flipped: was believed", at)
		}
	}
	alone, err := l.Receipt(299, 0)
	if err != nil {
		t.Fatal(err)
	}
	_, err = verifyReceipt(alone, l.VKey, []string{witnessKey})
	expect(t, "a witness that did not sign", err, "1 of 2")

	policy := fmt.Sprintf("log %s\nwitness w %s\nquorum w\n", l.VKey, witnessKey)
	_, err = verifyByPolicy(file, []byte(policy))
	expect(t, "a policy that is met", err, "")
	_, err = verifyByPolicy(alone, []byte(policy))
	expect(t, "a policy that is not met", err, "torchwood")
}

func cosigner(t *testing.T) (note.Signer, string) {
	t.Helper()
	key := ed25519.NewKeyFromSeed(bytes.Repeat([]byte{7}, 32))
	s, err := torchwood.NewCosignatureSigner("witness.example/w", key)
	if err != nil {
		t.Fatal(err)
	}
	return s, s.Verifier().String()
}

type slowSigner struct {
	*postQuantum
	private *mldsa44.PrivateKey
}

func (s slowSigner) Sign(text []byte) ([]byte, error) {
	checkpoint, err := torchwood.ParseCheckpoint(string(text))
	if err != nil {
		return nil, err
	}
	message := fmt.Sprintf("subtree/v1\n\x00%c%s\x00\x00\x00\x00\x00\x00\x00\x2a%c%s", len(s.name), s.name, len(checkpoint.Origin), checkpoint.Origin)
	signed := binary.BigEndian.AppendUint64([]byte(message+"\x00\x00\x00\x00\x00\x00\x00\x00"), uint64(checkpoint.N))
	signature := make([]byte, mldsa44.SignatureSize)
	if err := mldsa44.SignTo(s.private, append(signed, checkpoint.Hash[:]...), nil, false, signature); err != nil {
		return nil, err
	}
	return append([]byte{0, 0, 0, 0, 0, 0, 0, 42}, signature...), nil
}

func postQuantumCosigner(t *testing.T) (note.Signer, string) {
	t.Helper()
	public, private := mldsa44.NewKeyFromSeed(&[32]byte{9})
	bytes, err := public.MarshalBinary()
	if err != nil {
		t.Fatal(err)
	}
	const name = "witness.example/slow"
	typed := append([]byte{6}, bytes...)
	id := sha256.Sum256(append([]byte(name+"\n"), typed...))
	vkey := fmt.Sprintf("%s+%x+%s", name, id[:4], base64.StdEncoding.EncodeToString(typed))
	v, err := verifier(vkey)
	if err != nil {
		t.Fatal(err)
	}
	return slowSigner{v.(*postQuantum), private}, vkey
}
