/** Text in GB18030, which Node decodes but does not encode. */
export function gb18030Bytes(text: string): Buffer {
  return Buffer.concat(
    [...text].map((character) => {
      const point = character.codePointAt(0) ?? 0;
      if (point < 0x80) return Buffer.of(point);
      return point > 0xffff ? fourBytes(189_000 + point - 0x1_0000) : (encoder().get(character) ?? unknown(character));
    }),
  );
}

/** Four bytes of a place in the linear order of the standard. */
function fourBytes(place: number): Buffer {
  const [second, third, fourth] = [Math.floor(place / 1_260) % 10, Math.floor(place / 10) % 126, place % 10];
  return Buffer.of(0x81 + Math.floor(place / 12_600), 0x30 + second, 0x81 + third, 0x30 + fourth);
}

let table: Map<string, Buffer> | undefined;

function encoder(): Map<string, Buffer> {
  if (table !== undefined) return table;
  table = new Map();
  const decoder = new TextDecoder('gb18030', { ignoreBOM: true });
  for (let place = 0; place < 39_420; place += 1) table.set(decoder.decode(fourBytes(place)), fourBytes(place));
  for (let lead = 0x81; lead < 0xff; lead += 1)
    for (let trail = 0x40; trail < 0xff; trail += 1) {
      const bytes = Buffer.of(lead, trail);
      if (trail !== 0x7f) table.set(decoder.decode(bytes), bytes);
    }
  return table;
}

function unknown(character: string): never {
  throw new Error(`${character} has no place in GB18030`);
}
