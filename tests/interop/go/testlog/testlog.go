// Package testlog makes a log of this project's format without this project's code, so that the
// verifiers can be shown to say yes and no before there is a binary to test.
package testlog

import (
	"bytes"
	"crypto/sha256"
	"encoding/base64"
	"encoding/binary"
	"fmt"
	"math/bits"
	"math/rand"
	"os"
	"path/filepath"
	"strings"

	"golang.org/x/mod/sumdb/note"
	"golang.org/x/mod/sumdb/tlog"
)

// Log is a log in memory: batches of salted records and the outer leaves over them.
type Log struct {
	Origin  string
	Key     note.Signer
	VKey    string
	batches [][]record
	leaves  [][]byte
	records uint64
	random  *rand.Rand
}

type record struct {
	salt  [16]byte
	bytes []byte
}

// New makes an empty log with a key made from the seed.
func New(origin string, seed int64) (*Log, error) {
	random := rand.New(rand.NewSource(seed))
	private, public, err := note.GenerateKey(random, origin)
	if err != nil {
		return nil, err
	}
	signer, err := note.NewSigner(private)
	if err != nil {
		return nil, err
	}
	return &Log{Origin: origin, Key: signer, VKey: public, random: random}, nil
}

// Append adds batches of one to nine records.
func (l *Log) Append(batches int) {
	for range batches {
		batch := make([]record, 1+l.random.Intn(9))
		hashes := make([]tlog.Hash, len(batch))
		for i := range batch {
			l.random.Read(batch[i].salt[:])
			batch[i].bytes = make([]byte, 1+l.random.Intn(60))
			l.random.Read(batch[i].bytes)
			hashes[i] = tlog.RecordHash(append(batch[i].salt[:], batch[i].bytes...))
		}
		leaf := []byte("cf-leaf1")
		leaf = binary.LittleEndian.AppendUint64(leaf, uint64(len(l.leaves)))
		leaf = binary.LittleEndian.AppendUint64(leaf, l.records)
		leaf = binary.LittleEndian.AppendUint32(leaf, uint32(len(batch)))
		leaf = append(leaf, 0, 0, 0, 0)
		leaf = binary.LittleEndian.AppendUint64(leaf, 1_790_000_000_000_000_000+l.records)
		root, previous := root(hashes), tlog.Hash{}
		if n := len(l.leaves); n > 0 {
			previous = tlog.RecordHash(l.leaves[n-1])
		}
		leaf = append(append(leaf, root[:]...), previous[:]...)
		leaf = append(leaf, make([]byte, 32)...)
		// A register that counts nothing at first, so that there are receipts of both versions.
		demands := uint64(len(l.leaves) / 3)
		for _, count := range []uint64{demands, demands / 2, 2 * demands, 0} {
			leaf = binary.LittleEndian.AppendUint64(leaf, count)
		}
		l.leaves = append(l.leaves, leaf)
		l.batches = append(l.batches, batch)
		l.records += uint64(len(batch))
	}
}

func (l *Log) hashes() []tlog.Hash {
	out := make([]tlog.Hash, len(l.leaves))
	for i, leaf := range l.leaves {
		out[i] = tlog.RecordHash(leaf)
	}
	return out
}

// Checkpoint signs the present head.
func (l *Log) Checkpoint(signers ...note.Signer) ([]byte, error) {
	root := root(l.hashes())
	text := fmt.Sprintf("%s\n%d\n%s\n", l.Origin, len(l.leaves), base64.StdEncoding.EncodeToString(root[:]))
	return note.Sign(&note.Note{Text: text}, append([]note.Signer{l.Key}, signers...)...)
}

// Receipt is the tlog-proof of record index of batch number.
func (l *Log) Receipt(number, index int, signers ...note.Signer) ([]byte, error) {
	batch, leaf := l.batches[number], l.leaves[number]
	inner := make([]tlog.Hash, len(batch))
	for i, r := range batch {
		inner[i] = tlog.RecordHash(append(r.salt[:], r.bytes...))
	}
	version, counts := byte(2), leaf[136:160]
	if bytes.Equal(counts, make([]byte, 24)) {
		version, counts = 1, nil
	}
	extra := append([]byte{version}, leaf[16:28]...)
	extra = append(extra, leaf[32:40]...)
	extra = append(extra, leaf[72:136]...)
	extra = append(extra, counts...)
	extra = binary.LittleEndian.AppendUint32(extra, uint32(index))
	extra = append(extra, batch[index].salt[:]...)
	path := prove(inner, index)
	extra = append(extra, byte(len(path)))
	for _, hash := range path {
		extra = append(extra, hash[:]...)
	}
	extra = append(extra, batch[index].bytes...)
	var out strings.Builder
	fmt.Fprintf(&out, "c2sp.org/tlog-proof@v1\nextra %s\nindex %d\n", base64.StdEncoding.EncodeToString(extra), number)
	for _, hash := range prove(l.hashes(), number) {
		fmt.Fprintln(&out, hash)
	}
	checkpoint, err := l.Checkpoint(signers...)
	return append([]byte(out.String()+"\n"), checkpoint...), err
}

// Write puts checkpoint, tiles and bundles into a folder.
func (l *Log) Write(folder string, signers ...note.Signer) error {
	for level, hashes := 0, l.hashes(); len(hashes) > 0; level++ {
		var above []tlog.Hash
		for first := 0; first < len(hashes); first += 256 {
			part := hashes[first:min(first+256, len(hashes))]
			var tile []byte
			for _, hash := range part {
				tile = append(tile, hash[:]...)
			}
			if err := put(folder, fmt.Sprintf("tile/%d/%s", level, place(first/256, len(part))), tile); err != nil {
				return err
			}
			if len(part) == 256 {
				above = append(above, root(part))
			}
		}
		hashes = above
	}
	for first := 0; first < len(l.leaves); first += 256 {
		part := l.leaves[first:min(first+256, len(l.leaves))]
		var bundle []byte
		for _, leaf := range part {
			bundle = append(binary.BigEndian.AppendUint16(bundle, uint16(len(leaf))), leaf...)
		}
		if err := put(folder, "tile/entries/"+place(first/256, len(part)), bundle); err != nil {
			return err
		}
	}
	checkpoint, err := l.Checkpoint(signers...)
	if err != nil {
		return err
	}
	return put(folder, "checkpoint", checkpoint)
}

func place(n, width int) string {
	name := fmt.Sprintf("%03d", n%1000)
	for n /= 1000; n > 0; n /= 1000 {
		name = fmt.Sprintf("x%03d/%s", n%1000, name)
	}
	if width < 256 {
		return fmt.Sprintf("%s.p/%d", name, width)
	}
	return name
}

func put(folder, name string, bytes []byte) error {
	path := filepath.Join(folder, name)
	if err := os.MkdirAll(filepath.Dir(path), 0o755); err != nil {
		return err
	}
	return os.WriteFile(path, bytes, 0o644)
}

// root and prove are RFC 6962, sections 2.1 and 2.1.1, word for word.
func root(leaves []tlog.Hash) tlog.Hash {
	switch len(leaves) {
	case 0:
		return sha256.Sum256(nil)
	case 1:
		return leaves[0]
	}
	k := split(len(leaves))
	return tlog.NodeHash(root(leaves[:k]), root(leaves[k:]))
}

func prove(leaves []tlog.Hash, m int) []tlog.Hash {
	if len(leaves) == 1 {
		return nil
	}
	k := split(len(leaves))
	if m < k {
		return append(prove(leaves[:k], m), root(leaves[k:]))
	}
	return append(prove(leaves[k:], m-k), root(leaves[:k]))
}

func split(n int) int { return 1 << (bits.Len(uint(n-1)) - 1) }
