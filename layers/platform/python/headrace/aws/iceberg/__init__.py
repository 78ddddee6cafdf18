"""What any catalog of Iceberg tables needs: schemas, data files and commits, over PyIceberg."""
