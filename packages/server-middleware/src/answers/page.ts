/** Rows with the cursor that leads on, for endpoints that paginate. Contract §4.5. */
export interface PageContent<Data> {
  readonly data: Data;
  readonly next_cursor: number | null;
  readonly has_more: boolean;
}

/** What a paginated handler returns; made by {@link page}. */
export class Page<Data = unknown> {
  readonly content: PageContent<Data>;

  constructor(content: PageContent<Data>) {
    this.content = content;
  }
}

/** Returns one page of rows from a handler: `page({ data, next_cursor, has_more })`. */
export const page = <Data>(content: PageContent<Data>): Page<Data> => new Page(content);
