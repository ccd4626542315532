package main

import (
	"bytes"
	"encoding/base64"
	"encoding/binary"
	"errors"
	"fmt"
	"strconv"
	"strings"

	"filippo.io/torchwood"
	"github.com/transparency-dev/merkle/proof"
	"github.com/transparency-dev/merkle/rfc6962"
	"golang.org/x/mod/sumdb/note"
	"golang.org/x/mod/sumdb/tlog"
)

// receipt is a tlog-proof (c2sp.org/tlog-proof) of this project, cut into its parts.
type receipt struct {
	leaf   outerLeaf
	record []byte
	salt   [16]byte
	index  uint32
	inner  tlog.RecordProof
	number int64
	outer  tlog.RecordProof
	signed []byte
}

func parseReceipt(file []byte) (*receipt, error) {
	head, signed, found := bytes.Cut(file, []byte("\n\n"))
	if !found {
		return nil, errors.New("no empty line before the checkpoint")
	}
	lines := strings.Split(string(head), "\n")
	if len(lines) < 3 || lines[0] != "c2sp.org/tlog-proof@v1" {
		return nil, errors.New("not a tlog-proof")
	}
	encoded, found := strings.CutPrefix(lines[1], "extra ")
	if !found {
		return nil, errors.New("no extra line")
	}
	extra, err := base64.StdEncoding.Strict().DecodeString(encoded)
	if err != nil {
		return nil, fmt.Errorf("extra: %w", err)
	}
	digits, found := strings.CutPrefix(lines[2], "index ")
	if !found {
		return nil, errors.New("no index line")
	}
	r := &receipt{signed: signed}
	if r.number, err = strconv.ParseInt(digits, 10, 64); err != nil {
		return nil, fmt.Errorf("index: %w", err)
	}
	for _, line := range lines[3:] {
		hash, err := tlog.ParseHash(line)
		if err != nil {
			return nil, fmt.Errorf("path: %w", err)
		}
		if hash.String() != line {
			return nil, errors.New("path: base64 that is not canonical")
		}
		r.outer = append(r.outer, hash)
	}
	return r, r.opening(extra)
}

// opening reads what rebuilds the leaf: docs/format.md, receipts.
func (r *receipt) opening(extra []byte) error {
	const counts, inner = 85, 21
	if len(extra) < counts || extra[0] != 1 && extra[0] != 2 {
		return errors.New("extra: not an opening of version 1 or 2")
	}
	r.leaf.number = uint64(r.number)
	r.leaf.firstRecord = binary.LittleEndian.Uint64(extra[1:])
	r.leaf.records = binary.LittleEndian.Uint32(extra[9:])
	r.leaf.timestamp = binary.LittleEndian.Uint64(extra[13:])
	copy(r.leaf.previous[:], extra[21:53])
	copy(r.leaf.rest[:32], extra[53:85]) // digest of the rule book
	rest := extra[counts:]
	if extra[0] == 2 {
		var none [24]byte
		if len(rest) < len(none) || bytes.Equal(rest[:len(none)], none[:]) {
			return errors.New("extra: version 2 and the register counts nothing")
		}
		copy(r.leaf.rest[32:], rest[:len(none)])
		rest = rest[len(none):]
	}
	if len(rest) < inner {
		return errors.New("extra: its length is wrong")
	}
	r.index = binary.LittleEndian.Uint32(rest)
	copy(r.salt[:], rest[4:20])
	count := int(rest[20])
	rest = rest[inner:]
	if count > 14 || len(rest) < 32*count+1 || len(rest) > 32*count+512 {
		return errors.New("extra: its length is wrong")
	}
	for i := range count {
		r.inner = append(r.inner, tlog.Hash(rest[32*i:32*i+32]))
	}
	r.record = rest[32*count:]
	return nil
}

// outerHash rebuilds the line of the log: record and salt lead to the root of the batch's own tree.
func (r *receipt) outerHash() (tlog.Hash, error) {
	hash := tlog.RecordHash(append(r.salt[:], r.record...))
	path := make([][]byte, len(r.inner))
	for i := range r.inner {
		path[i] = r.inner[i][:]
	}
	root, err := proof.RootFromInclusionProof(rfc6962.DefaultHasher, uint64(r.index), uint64(r.leaf.records), hash[:], path)
	if err != nil {
		return tlog.Hash{}, fmt.Errorf("inner tree: %w", err)
	}
	r.leaf.innerRoot = tlog.Hash(root)
	err = tlog.CheckRecord(r.inner, int64(r.leaf.records), r.leaf.innerRoot, int64(r.index), hash)
	if err != nil {
		return tlog.Hash{}, fmt.Errorf("inner tree: %w", err)
	}
	return tlog.RecordHash(r.leaf.bytes()), nil
}

func (r *receipt) told(c torchwood.Checkpoint) string {
	return fmt.Sprintf("receipt of record %d (kind %d, %d bytes) in batch %d of %s at size %d",
		r.leaf.firstRecord+uint64(r.index), r.record[0], len(r.record), r.number, c.Origin, c.N)
}

// verifyReceipt wants the log's signature and one of every witness that is named.
func verifyReceipt(file []byte, vkey string, witnesses []string) (string, error) {
	r, err := parseReceipt(file)
	if err != nil {
		return "", err
	}
	var keys []note.Verifier
	for _, text := range append([]string{vkey}, witnesses...) {
		key, err := verifier(text)
		if err != nil {
			return "", fmt.Errorf("key %q: %w", text, err)
		}
		keys = append(keys, key)
	}
	checkpoint, _, err := openCheckpoint(r.signed, keys...)
	if err != nil {
		return "", err
	}
	hash, err := r.outerHash()
	if err != nil {
		return "", err
	}
	if err := tlog.CheckRecord(r.outer, checkpoint.N, checkpoint.Hash, r.number, hash); err != nil {
		return "", fmt.Errorf("outer tree: %w", err)
	}
	policies := []torchwood.Policy{torchwood.OriginPolicy(keys[0].Name())}
	for _, key := range keys {
		policies = append(policies, torchwood.SingleVerifierPolicy(key))
	}
	if err := torchwood.VerifyProof(torchwood.ThresholdPolicy(len(policies), policies...), hash, file); err != nil {
		return "", fmt.Errorf("torchwood: %w", err)
	}
	return fmt.Sprintf("%s, %d cosignatures", r.told(checkpoint), len(witnesses)), nil
}

// verifyByPolicy leaves who must have signed to a tlog-policy file, read by torchwood.
func verifyByPolicy(file, policy []byte) (string, error) {
	r, err := parseReceipt(file)
	if err != nil {
		return "", err
	}
	hash, err := r.outerHash()
	if err != nil {
		return "", err
	}
	rules, err := torchwood.ParsePolicy(policy)
	if err != nil {
		return "", fmt.Errorf("policy: %w", err)
	}
	if err := torchwood.VerifyProof(rules, hash, file); err != nil {
		return "", fmt.Errorf("torchwood: %w", err)
	}
	checkpoint, _, err := torchwood.VerifyCheckpoint(r.signed, rules)
	if err != nil {
		return "", fmt.Errorf("torchwood: %w", err)
	}
	return r.told(checkpoint) + ", by policy", nil
}
