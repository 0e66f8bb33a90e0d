"""What every page needs: fragments, unit of work, forms, headers, paging, filters, error pages."""
