type Page<Item> = { items: Item[]; pagination: { next_cursor: string | null } };

/** All items of a list, page after page, each page fetched when it is come to. */
export async function* everyItem<Query extends { cursor?: string }, Item>(
  fetchPage: (query: Query) => Promise<Page<Item>>,
  query: Query,
): AsyncGenerator<Item, void, undefined> {
  let cursor = query.cursor;
  do {
    const page = await fetchPage({ ...query, ...(cursor !== undefined && { cursor }) });
    yield* page.items;
    cursor = page.pagination.next_cursor ?? undefined;
  } while (cursor !== undefined);
}
