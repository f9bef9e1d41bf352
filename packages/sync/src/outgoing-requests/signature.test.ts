import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { canonicalForm, findSignatureFault, type SignedParts, sign } from './signature.ts';

const SECRET = 'a secret of at least thirty-two characters';
const NOW = 1_800_000_000;
const PARTS: SignedParts = {
  timestamp: String(NOW),
  requestId: 'b7c1.4f',
  method: 'POST',
  path: '/api/v1/internal/external-db-sync/sync-engine?x=1',
  body: '{"tenancyId":"t"}',
};

const requestId = fc.stringMatching(/^[A-Za-z0-9._-]{1,200}$/);
const path = fc.webPath().map((text) => `/${text}`);
const parts: fc.Arbitrary<SignedParts> = fc.record({
  timestamp: fc.integer({ min: 0, max: 4_000_000_000 }).map(String),
  requestId,
  method: fc.constantFrom('GET', 'POST', 'PUT', 'PATCH', 'DELETE'),
  path,
  body: fc.oneof(fc.string(), fc.string({ unit: 'binary' })),
});

function fault(signature: string | undefined, given: Partial<SignedParts>, now = NOW, secrets = [SECRET]) {
  return findSignatureFault(secrets, signature, given, now);
}

describe('signatures', () => {
  test('have a form that other implementations can follow', () => {
    const digest = '03906c523112860ab7b3ea6874550ebdfd3ee7918527d4942c8f95559f81b89e';
    const path = '/api/v1/internal/external-db-sync/sync-engine?x=1';
    expect(canonicalForm(PARTS)).toBe(['v1', '1800000000', 'b7c1.4f', 'POST', path, digest].join('\n'));
    expect(sign(SECRET, PARTS)).toBe('v1=5193268fb2608c87fed36b198bab0f6f2bde160b05551aa4fd89397b7af4c0c0');
  });

  test('what was signed is believed', () => {
    fc.assert(
      fc.property(parts, (signed) => {
        expect(fault(sign(SECRET, signed), signed, Number(signed.timestamp))).toBeUndefined();
      }),
    );
  });

  test('no two requests share a canonical form', () => {
    fc.assert(
      fc.property(parts, parts, (one, other) => {
        fc.pre(JSON.stringify(one) !== JSON.stringify(other));
        expect(canonicalForm(one)).not.toBe(canonicalForm(other));
      }),
    );
  });

  test('a change of any part is noticed', () => {
    fc.assert(
      fc.property(
        parts,
        fc.constantFrom(...(Object.keys(PARTS) as (keyof SignedParts)[])),
        parts,
        (signed, name, other) => {
          fc.pre(signed[name] !== other[name]);
          const tampered = { ...signed, [name]: other[name] };
          expect(fault(sign(SECRET, signed), tampered, Number(tampered.timestamp))).toBe('mismatch');
        },
      ),
    );
  });

  test('parts with line breaks, which could be taken for others, are not signed and not believed', () => {
    for (const name of ['timestamp', 'requestId', 'method', 'path'] as const) {
      const broken = { ...PARTS, [name]: `${PARTS[name]}\nPOST` };
      expect(() => sign(SECRET, broken)).toThrow('line breaks');
      expect(fault(sign(SECRET, PARTS), broken)).toBe('malformed');
    }
  });

  test.each([
    ['no signature', undefined],
    ['an empty one', ''],
    ['one of another version', sign(SECRET, PARTS).replace('v1', 'v2')],
    ['one in capital letters', sign(SECRET, PARTS).toUpperCase()],
    ['a short one', sign(SECRET, PARTS).slice(0, -2)],
    ['one of another secret', sign(`${SECRET}!`, PARTS)],
  ])('%s is refused', (_, signature) => {
    expect(fault(signature, PARTS)).toMatch(/missing|malformed|mismatch/);
  });

  test('five minutes to either side are believed, no second more', () => {
    const signature = sign(SECRET, PARTS);
    for (const offset of [-300, 0, 300]) expect(fault(signature, PARTS, NOW + offset)).toBeUndefined();
    for (const offset of [-301, 301]) expect(fault(signature, PARTS, NOW + offset)).toBe('outside_time_window');
  });

  test('the previous secret is believed while it is given, and none when there is none', () => {
    const signature = sign('the previous secret, also quite long', PARTS);
    expect(fault(signature, PARTS, NOW, [SECRET])).toBe('mismatch');
    expect(fault(signature, PARTS, NOW, [SECRET, 'the previous secret, also quite long'])).toBeUndefined();
    expect(fault(signature, PARTS, NOW, [])).toBe('mismatch');
  });
});
