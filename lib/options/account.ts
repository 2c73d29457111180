/** Who a session is logged in as. Its password is in nothing that is printed or serialised. */
export class Account {
  readonly #password: string;

  constructor(
    readonly user: string,
    password: string,
  ) {
    this.#password = password;
  }

  get password(): string {
    return this.#password;
  }
}
