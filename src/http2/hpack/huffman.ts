/**
 * Decodes Huffman-coded strings (RFC 7541, section 5.2) four bits at a time.
 *
 * @module
 */
import { connectionError, H2Code } from "../frame/protocol_error.ts";
import { CODE_LENGTHS, END_SYMBOL } from "./huffman_table.ts";

/** Set in a step that completes a symbol, which is in the low byte. All codes have at least five bits. */
const HAS_SYMBOL = 0x100;
/** Set in a step that completes the EOS symbol, which no valid string contains. */
const INVALID = 0x200;
/** Number of bits below the next state in a step. */
const STATE_SHIFT = 10;

interface Automaton {
  /** By state * 16 + nibble: next state, flags, symbol. */
  readonly steps: Int32Array;
  /** Whether a string may end in this state: fewer than eight bits follow the last symbol, and all are ones. */
  readonly accepts: Uint8Array;
}

// Built for the first Huffman string, so that other commands don't spend the time.
let automaton: Automaton | undefined;

/**
 * Decodes bytes `start` to `end` of `bytes`; each decoded byte is one character.
 *
 * @throws AppError a {@linkcode connectionError} with `compressionError` for the EOS symbol or wrong padding
 */
export function decodeHuffman(bytes: Uint8Array, start: number, end: number): string {
  const { steps, accepts } = automaton ??= buildAutomaton();
  let text = "";
  let state = 0;
  for (let i = start; i < end; i++) {
    const byte = bytes[i] as number;
    const high = steps[state * 16 + (byte >> 4)] as number;
    if (high & HAS_SYMBOL) text += String.fromCharCode(high & 0xff);
    const low = steps[(high >> STATE_SHIFT) * 16 + (byte & 15)] as number;
    if (low & HAS_SYMBOL) text += String.fromCharCode(low & 0xff);
    if ((high | low) & INVALID) {
      throw connectionError(H2Code.compressionError, "a Huffman string contains the EOS symbol");
    }
    state = low >> STATE_SHIFT;
  }
  if (accepts[state] !== 1) {
    throw connectionError(H2Code.compressionError, "a Huffman string has wrong padding");
  }
  return text;
}

/** Returns a binary tree as an array: `tree[2n + bit]` is a child of node n; a negative child is -(symbol + 1). */
function buildTree(): number[] {
  const order = CODE_LENGTHS.map((_, symbol) => symbol);
  const lengthOf = (symbol: number) => CODE_LENGTHS[symbol] as number;
  order.sort((a, b) => lengthOf(a) - lengthOf(b) || a - b);
  const tree = [0, 0];
  let code = 0;
  let length = 0;
  for (const symbol of order) {
    code *= 2 ** (lengthOf(symbol) - length);
    length = lengthOf(symbol);
    let node = 0;
    for (let bit = length - 1; bit > 0; bit--) {
      const slot = 2 * node + ((code >>> bit) & 1);
      if (tree[slot] === 0) {
        tree[slot] = tree.length / 2;
        tree.push(0, 0);
      }
      node = tree[slot] as number;
    }
    tree[2 * node + (code & 1)] = -(symbol + 1);
    code++;
  }
  return tree;
}

function buildAutomaton(): Automaton {
  const tree = buildTree();
  const states = tree.length / 2;
  const steps = new Int32Array(states * 16);
  for (let state = 0; state < states; state++) {
    for (let nibble = 0; nibble < 16; nibble++) steps[state * 16 + nibble] = stepOf(tree, state, nibble);
  }
  const accepts = new Uint8Array(states);
  let node = 0;
  for (let ones = 0; ones < 8; ones++) {
    accepts[node] = 1;
    node = tree[2 * node + 1] as number;
  }
  return { steps, accepts };
}

function stepOf(tree: readonly number[], state: number, nibble: number): number {
  let node = state;
  let flags = 0;
  for (let bit = 3; bit >= 0; bit--) {
    const child = tree[2 * node + ((nibble >> bit) & 1)] as number;
    if (child >= 0) {
      node = child;
      continue;
    }
    const symbol = -child - 1;
    if (symbol === END_SYMBOL) return INVALID;
    flags = HAS_SYMBOL | symbol;
    node = 0;
  }
  return (node << STATE_SHIFT) | flags;
}
