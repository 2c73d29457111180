import { EncryptedColumnPlainError } from '../errors.js';

/**
 * The value of an encrypted column on its way to the database: no driver takes it before it is encrypted, so that what
 * would reach a database in plain, in a comparison, say, fails instead. The same text is the same object: TypeORM sees by
 * that that nothing was changed.
 */
export class Plaintext {
  static readonly #known = new Map<string, WeakRef<Plaintext>>();
  static readonly #forget = new FinalizationRegistry<string>((text) => {
    if (Plaintext.#known.get(text)?.deref() === undefined) Plaintext.#known.delete(text);
  });
  readonly #text: string;

  private constructor(text: string) {
    this.#text = text;
  }

  static of(text: string): Plaintext {
    const known = Plaintext.#known.get(text)?.deref();
    if (known !== undefined) return known;
    const made = new Plaintext(text);
    Plaintext.#known.set(text, new WeakRef(made));
    Plaintext.#forget.register(made, text);
    return made;
  }

  reveal(): string {
    return this.#text;
  }

  /** Where mysql2 would put it into a statement. */
  toSqlString(): string {
    throw new EncryptedColumnPlainError();
  }

  /** In a log of parameters. */
  toJSON(): string {
    return '[plaintext]';
  }
}
