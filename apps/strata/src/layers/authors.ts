import type { Signature } from '../history/commit.ts'

/** Somebody who wrote lines. Names and addresses are one character per byte. */
export interface Author {
  /** Authors are numbered from 0 in the order of their first commits. */
  readonly number: number
  /** As their first commit has it. */
  readonly name: string
  /** In lower case. */
  readonly email: string
}

/**
 * The authors of a history by who they are, in the order of their numbers. The same address in
 * another spelling or under another name is the same author; without an address the name decides.
 * A `.mailmap` changes with the commit that is looked at, so it has no say.
 */
export type Authors = Map<string, Author>

/** Who signed: an author that is known, or the next one, who becomes known by `addAuthor`. */
export function authorOf(authors: Authors, { name, email }: Signature): Author {
  const author = { number: authors.size, name, email: lowerCase(email) }
  return authors.get(identityOf(author)) ?? author
}

/** Makes an author known; one who is known stays as they are. */
export function addAuthor(authors: Authors, author: Author): void {
  authors.set(identityOf(author), author)
}

/** No address has angle brackets in it, so a name cannot pass for one. */
function identityOf({ name, email }: Author): string {
  return email === '' ? `${name}<>` : email
}

/** Only of ASCII: the characters are bytes, and others stand for parts of a letter. */
function lowerCase(text: string): string {
  return text.replace(/[A-Z]+/gu, (letters) => letters.toLowerCase())
}
