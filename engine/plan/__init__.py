"""What a document means: order, shapes, costs, problems and their remedies."""
