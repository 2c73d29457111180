/** The password of a URL, also where the URL is in the middle of a text. Without spaces, which no URL has. */
const IN_URL = /([a-z][a-z\d+.-]*:\/\/[^\s/:@]*):[^\s]*@/gi;

/** Takes secrets out of texts for people: those that it is told of, and passwords in URLs. */
export class Redaction {
  private readonly secrets = new Set<string>();

  /** @param secret also as it stands in a URL, and in a JSON document; an empty one is none */
  add(secret: string): void {
    if (secret === '') return;
    const inDocument = JSON.stringify(secret).slice(1, -1);
    this.secrets.add(secret).add(encodeURIComponent(secret)).add(inDocument);
  }

  apply(text: string): string {
    // The longest first: one may be a part of another.
    const known = [...this.secrets].toSorted((a, b) => b.length - a.length);
    const without = known.reduce((rest, secret) => rest.replaceAll(secret, '***'), text);
    return without.replaceAll(IN_URL, '$1:***@');
  }
}
