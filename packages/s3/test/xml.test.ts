import { array, assert, nat, property, string, tuple } from 'fast-check'
import { describe, expect, it } from 'vitest'
import { childText, parseXml } from '../src/client/xml.ts'
import { errorCode, readDeleteResult, readListPage } from '../src/client/xml-messages.ts'

const LISTING =
  '<?xml version="1.0"?><ListBucketResult xmlns="x"><EncodingType>url</EncodingType>' +
  '<IsTruncated>true</IsTruncated><Contents><Key>a%20b+c%2Fd</Key><ETag>&quot;e&quot;</ETag>' +
  '<Size>12</Size></Contents><NextContinuationToken>t&amp;1</NextContinuationToken>' +
  '</ListBucketResult>'

describe('reading XML', () => {
  it('gives what a listing says', () => {
    expect(readListPage(LISTING)).toEqual({
      objects: [{ name: 'a b c/d', sizeBytes: 12, etag: 'e' }],
      next: 't&1',
    })
  })

  it.each([
    ['a document type', '<!DOCTYPE a [<!ENTITY e "x">]><a>&e;</a>'],
    ['an unknown entity', '<a>&lol;</a>'],
    ['a comment', '<a><!-- b --></a>'],
    ['CDATA', '<a><![CDATA[b]]></a>'],
    ['an end without a beginning', '</a>'],
    ['a beginning without an end', '<a><b></b>'],
    ['crossed elements', '<a><b></a></b>'],
    ['two roots', '<a></a><b></b>'],
    ['text outside', 'x<a></a>'],
    ['a character past Unicode', '<a>&#x110000;</a>'],
    ['great depth', '<a>'.repeat(20) + '</a>'.repeat(20)],
    ['a flood of elements', `<a>${'<b/>'.repeat(60_000)}</a>`],
  ])('refuses %s', (_, source) => {
    expect(parseXml(source)).toBeUndefined()
  })

  it('takes names for names: no prototype is touched', () => {
    const root = parseXml('<__proto__><constructor>x</constructor></__proto__>')
    expect(root && childText(root, 'constructor')).toBe('x')
    expect(errorCode('<Error><Code>__proto__</Code></Error>')).toBe('__proto__')
    const keys = '<DeleteResult><Error><Key>__proto__</Key><Code>X</Code></Error></DeleteResult>'
    expect(readDeleteResult(keys, ['a'])).toEqual(new Map([['a', 'unanswered']]))
    expect(Reflect.get({}, 'x')).toBeUndefined()
  })

  it('never throws and never hangs, whatever is done to a listing', () => {
    const seed = 20_261_121
    const edits = array(tuple(nat(LISTING.length), nat(12), string({ maxLength: 6 })), {
      minLength: 1,
      maxLength: 6,
    })
    assert(
      property(edits, (all) => {
        let text = LISTING
        for (const [at, gone, added] of all) {
          text = text.slice(0, at) + added + text.slice(at + gone)
        }
        readListPage(text)
        errorCode(text)
      }),
      { seed, numRuns: 5000 },
    )
  })

  it('takes time in proportion to its source', () => {
    // What grows with the square would take minutes.
    const began = performance.now()
    for (const piece of ['&', '<', '<a ', '&amp', '<a b="', '<?']) {
      parseXml(piece.repeat(500_000 / piece.length))
    }
    expect(performance.now() - began).toBeLessThan(10_000)
  })
})
