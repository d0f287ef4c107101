-- Reviews of a product that show pictures: counted, and listed by themselves.
create index concurrently if not exists catalog_reviews_pictured on catalog_reviews (tenant_id, product_id, published_at, id)
  where state = 'published' and pictures > 0;
