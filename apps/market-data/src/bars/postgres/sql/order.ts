/** The text of a statement whose pages are in this order: `$SORT` is the order, `$FIRST` and `$LAST` find its ends. */
export const inOrder = (text: string, sort: 'asc' | 'desc'): string =>
  text
    .replaceAll('$SORT', sort)
    .replaceAll('$FIRST', sort === 'asc' ? 'min' : 'max')
    .replaceAll('$LAST', sort === 'asc' ? 'max' : 'min');
