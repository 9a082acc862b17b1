"""The pages of customers."""

from django.urls import path

from customers import pickers
from customers.views import changes, contacts, customers, products

urlpatterns = [
    path("customers/", customers.customer_list, name="customers"),
    path("customers/new/", customers.customer_create, name="customer_new"),
    path("customers/<int:pk>/", customers.customer_page, name="customer"),
    path("customers/<int:pk>/changes/", changes.changes, name="customer_audit"),
    path("customers/<int:pk>/edit/", customers.customer_edit, name="customer_edit"),
    path("customers/<int:pk>/assign/", customers.customer_assign, name="customer_assign"),
    path("customers/<int:pk>/archive/", customers.customer_archive, name="customer_archive"),
    path("customers/<int:pk>/restore/", customers.customer_restore, name="customer_restore"),
    path("customers/<int:pk>/contacts/new/", contacts.contact_create, name="contact_new"),
    path("contacts/", contacts.contact_list, name="contacts"),
    path("contacts/<int:pk>/edit/", contacts.contact_edit, name="contact_edit"),
    path("contacts/<int:pk>/archive/", contacts.contact_archive, name="contact_archive"),
    path("contacts/<int:pk>/restore/", contacts.contact_restore, name="contact_restore"),
    path("products/", products.product_list, name="products"),
    path("products/new/", products.product_create, name="product_new"),
    path("products/<int:pk>/edit/", products.product_edit, name="product_edit"),
    path("products/<int:pk>/archive/", products.product_archive, name="product_archive"),
    path("products/<int:pk>/restore/", products.product_restore, name="product_restore"),
    path("pickers/customers/", pickers.customers, name="picker_customers"),
    path("pickers/products/", pickers.products, name="picker_products"),
]
